// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's nbd driver by generic netlink (linux/nbd-netlink.h): one device for each request.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/devices/nbd_request.hpp"
#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

struct mnl_socket;

namespace agent::devices {

// What the kernel's `backend` attribute says of our devices, before their name: by it a qube does
// not offer them as its own (sys-usb/block_facts.hpp), and the next helper finds what was left.
inline constexpr std::string_view nbd_backend = "sallyport ";

class NbdControl {
 public:
  // A server that does not answer for so long has failed: what waits for it ends with an I/O error.
  static constexpr std::uint64_t request_timeout_s = 60;

  // Needs the module; the socket stays open, so that this is possible before a sandbox. Every
  // call takes CAP_SYS_ADMIN.
  static base::Result<NbdControl> open();

  // The N of nbdN, or a negated errno. The kernel keeps the sockets; ours may be closed.
  // -EINVAL: it takes no sockets of this family.
  int connect(const NbdRequest& request, const std::vector<base::io::Fd>& sockets);
  // What is under way and all that comes ends with an I/O error; nbdN is free when nobody has it
  // open any more. 0, or a negated errno.
  int disconnect(std::uint32_t index);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const noexcept;
  };
  NbdControl(std::unique_ptr<mnl_socket, Close> socket, std::uint16_t family)
      : socket_(std::move(socket)), family_(family) {}

  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint16_t family_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace agent::devices
