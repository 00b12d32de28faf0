// SPDX-License-Identifier: GPL-2.0-or-later
// A connected Unix stream socket on which every wait has a deadline and every read a bound.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/io/fd.hpp"

namespace rig {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// Now plus `time` times RIG_TIME_SCALE (environment, default 1): slow machines need more of
// everything.
Deadline deadline_after(std::chrono::milliseconds time);

class LineSocket {
 public:
  explicit LineSocket(base::io::Fd fd) : fd_(std::move(fd)) {}

  // Tries until somebody listens at `path`.
  static base::Result<LineSocket> connect(const std::filesystem::path& path, Deadline deadline);

  base::Status send(std::string_view data, Deadline deadline);
  // One line with its newline; longer than `limit` is an error.
  base::Result<std::string> read_line(std::size_t limit, Deadline deadline);
  base::Result<std::string> read_exactly(std::size_t size, Deadline deadline);

 private:
  base::Status read_more(Deadline deadline);

  base::io::Fd fd_;
  std::string received_;
};

}  // namespace rig
