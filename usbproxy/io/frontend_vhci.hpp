// SPDX-License-Identifier: GPL-2.0-or-later
// The target kernel's virtual USB controller: finding a free port and handing it our socket.
#pragma once

#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "usbproxy/device_table.hpp"

namespace usbproxy::io {

// Opens everything at once, so that it works inside the sandbox later. Attaching goes through
// root's helper, or straight through sysfs where we are root ourselves.
class Vhci {
 public:
  struct Where {
    std::string sysfs = "/sys/devices/platform/vhci_hcd.0";
    std::string devices_socket = "/run/sallyport/devices.sock";
    bool direct = false;
  };
  static base::Result<Vhci> open(const Where& where);

  // Our end of the socket pair whose other end the kernel has from now on.
  base::Result<base::io::Fd> attach(Speed speed);

 private:
  Vhci() = default;
  // 0 or a positive errno.
  base::Result<int> try_port(std::uint32_t port, Speed speed, const base::io::Fd& socket) const;

  std::vector<base::io::Fd> status_;  // one file per controller
  base::io::Fd helper_;
  base::io::Fd attach_file_;  // direct
  base::io::FdPair sockets_;  // ours, the kernel's
};

}  // namespace usbproxy::io
