// SPDX-License-Identifier: GPL-2.0-or-later
// A usb-redir device of a running QEMU, plugged in and pulled out through its monitor.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/qmp.hpp"

namespace usbproxy::io {

class GuestDevice {
 public:
  // `port`: of the backend, for the name in QEMU; this process's id is in it as well.
  GuestDevice(std::filesystem::path monitor, const std::string& port);

  // Whether there is a QEMU that answers; removes what attachers that are gone left there.
  base::Status look() const;
  // QEMU gets `its_end` of a socket pair, and the guest a USB device that speaks usbredir to the
  // other end: on an xHCI if there is one, or else wherever QEMU finds a port. An error leaves
  // nothing behind.
  base::Status plug(const base::io::Fd& its_end) const;
  // The guest is not asked: as if the plug were pulled. An error: QEMU did not answer in time, and
  // keeps a device that is not plugged in.
  base::Status unplug() const;

 private:
  using Qmp = base::io::Qmp;
  base::Status add_socket(Qmp& qmp, const base::io::Fd& its_end, Qmp::Deadline deadline) const;
  base::Status add_device(Qmp& qmp, Qmp::Deadline deadline) const;

  std::filesystem::path monitor_;
  std::string id_;
};

}  // namespace usbproxy::io
