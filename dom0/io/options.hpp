// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon's command line.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/io/paths.hpp"

namespace dom0::io {

struct Options {
  base::io::Paths paths;
  std::optional<std::string> user;  // by name or number; root's default is "sallyport"
  std::filesystem::path relay;      // the relay's program
  std::chrono::seconds prompt_limit{60};
  std::chrono::seconds replug_hold{10};  // 0: what leaves the bus is detached for good
};

// Nothing: --help was asked for and printed. Throws on a wrong command line, as Program_options
// does; main catches it.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace dom0::io
