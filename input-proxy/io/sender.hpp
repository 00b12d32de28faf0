// SPDX-License-Identifier: GPL-2.0-or-later
// The sender's program: one input device here, its stream on stdin and stdout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace inputproxy::io {

struct SenderOptions {
  std::string device;                  // /dev/input/eventN; empty: `event` of the helper
  std::optional<std::uint32_t> event;  // N, opened by sallyport-devices
  std::string devices_socket;
  bool help = false;

  static base::Result<SenderOptions> parse(const std::vector<std::string>& arguments);
};
extern const char* const sender_usage;

// Until the device or the stream is gone. 0: one of them ended; 1: it could not begin, or the
// stream broke; the reason is on stderr.
int run_sender(const SenderOptions& options);

}  // namespace inputproxy::io
