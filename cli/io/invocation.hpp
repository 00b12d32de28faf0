// SPDX-License-Identifier: GPL-2.0-or-later
// What the programs take from the process around them: arguments, environment, terminal.
#pragma once

#include <string>

#include "base/io/paths.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"
#include "cli/device_run.hpp"

namespace cli::io {

struct Invocation {
  std::string program;  // argv[0]
  Words words;          // without --root
  base::io::Paths paths;
  std::size_t columns = 80;
  Header header = Header::hidden;
};

// `--root DIR` (or SALLYPORT_ROOT) moves the daemon's folders; it is no part of the usage texts,
// which are Qubes'. An error if DIR is missing.
base::Result<Invocation> read_invocation(int argc, char** argv);

// Writes both texts; the exit status. A reader that went away is no reason to be killed.
int finish(const Outcome& outcome);

}  // namespace cli::io
