// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-usb-frontend.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "usbproxy/firewall/rights.hpp"
#include "usbproxy/io/frontend_vhci.hpp"

namespace usbproxy::io {

struct FrontendOptions {
  std::string agent_socket = "/run/sallyport/agent.sock";
  Vhci::Where vhci;
  std::optional<int> stream_fd;         // an open stream instead of a call
  std::optional<std::string> identity;  // with stream_fd: instead of the request's second line
  firewall::Rights rights;              // with stream_fd: instead of the request's options
  bool usbip = false;              // the stream is one of Qubes' own qubes.USB, given or on stdin
  std::optional<int> attached_fd;  // with usbip: told our process id, a line, once attached
  bool help = false;

  static base::Result<FrontendOptions> parse(const std::vector<std::string>& arguments);
};
extern const char* const frontend_usage;

}  // namespace usbproxy::io
