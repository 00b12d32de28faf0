// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/transfer_status.hpp"

#include <cerrno>

#include "usbproxy/redir_packet.hpp"

namespace usbproxy {

std::uint8_t transfer_status(std::int32_t error) {
  switch (error) {
    case 0:
      return redir::status::success;
    case -EPIPE:
      return redir::status::stall;
    case -EOVERFLOW:
      return redir::status::babble;
    case -ETIMEDOUT:
      return redir::status::timeout;
    default:
      return redir::status::ioerror;
  }
}

}  // namespace usbproxy
