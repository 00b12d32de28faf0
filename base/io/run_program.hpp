// SPDX-License-Identifier: GPL-2.0-or-later
// Runs another program to its end, within a time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace base::io {

struct Ran {
  int code = 0;        // 128 + n: signal n
  std::string output;  // stdout and stderr as they came, at most max_program_output bytes of them
};
inline constexpr std::size_t max_program_output = 65536;

// command[0] is a path. The program gets no file of ours, nothing to read, and of the environment
// only a PATH; it dies with us. An error: it could not be run, or did not end in time.
base::Result<Ran> run_program(const std::vector<std::string>& command, std::chrono::seconds most);

}  // namespace base::io
