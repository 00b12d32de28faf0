// SPDX-License-Identifier: GPL-2.0-or-later
// The test's end of the command port (tests/rig/wire.hpp): runs commands as root in a guest.
#pragma once

#include <chrono>
#include <ostream>
#include <string>

#include "tests/rig/line_socket.hpp"

namespace rig {

struct CommandResult {
  int exit = -1;    // -1: the rig failed, `out` says how
  std::string out;  // stdout and stderr as they came

  bool ok() const { return exit == 0; }
};
std::ostream& operator<<(std::ostream& stream, const CommandResult& result);

class CommandChannel {
 public:
  explicit CommandChannel(LineSocket socket) : socket_(std::move(socket)) {}

  // The guest kills the command at `timeout`; if it does not answer for `grace` more, that is an
  // error of the rig.
  base::Result<CommandResult> run(const std::string& command, std::chrono::milliseconds timeout,
                                  std::chrono::milliseconds grace);

 private:
  LineSocket socket_;
};

}  // namespace rig
