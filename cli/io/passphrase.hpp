// SPDX-License-Identifier: GPL-2.0-or-later
// A passphrase on its way to whoever uses it: in a sealed file in memory, and nowhere else.
#pragma once

#include <string>

#include "base/io/fd.hpp"

namespace cli::io {

// Asks at the terminal (/dev/tty), without showing it. An error: there is none, or Ctrl-C.
base::Result<base::io::Fd> ask_passphrase(const std::string& question);
// All of a file, "-" for standard input, without the end of a line at its end.
base::Result<base::io::Fd> read_passphrase(const std::string& path);

}  // namespace cli::io
