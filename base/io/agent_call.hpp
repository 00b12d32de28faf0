// SPDX-License-Identifier: GPL-2.0-or-later
// Calls a service of another qube through this qube's agent (docs/protocol.md 2).
#pragma once

#include <string>
#include <string_view>

#include "base/io/fd.hpp"

namespace base::io {

inline constexpr const char* default_agent_socket = "/run/sallyport/agent.sock";

// Why a service call was not made: the exit code (126 refused by policy, 127 no such service,
// else 1) and a line for the user.
struct CallRefused {
  int exit_code = 1;
  std::string text;
};
// The agent's "refused CODE REASON".
CallRefused parse_refusal(std::string_view untrusted);

// The stream to the service ("qubes.USB+2-1"). Blocks: a person may have to answer a prompt
// meanwhile, so only the agent decides how long that takes.
Result<Fd, CallRefused> call_service(const std::string& agent_socket, const std::string& target,
                                     const std::string& service);

}  // namespace base::io
