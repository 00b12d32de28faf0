// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/command_channel.hpp"

#include <random>

#include "tests/rig/wire.hpp"

namespace rig {
namespace {

// Random, not counted: a guest's late answer to an earlier connection must not be taken for ours.
std::uint64_t new_id() {
  std::random_device source;
  return (std::uint64_t{source()} << 32U) | source();
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const CommandResult& result) {
  return stream << "exit code " << result.exit << ", output:\n" << result.out;
}

base::Result<CommandResult> CommandChannel::run(const std::string& command,
                                                std::chrono::milliseconds timeout,
                                                std::chrono::milliseconds grace) {
  if (command.size() > max_command) return base::fail("run: the command is too long");
  const std::uint64_t id = new_id();
  const auto deadline = deadline_after(timeout + grace);
  const auto guest_timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_after(timeout) - Clock::now());
  const auto header =
      format_header("run", {.id = id, .number = guest_timeout.count(), .length = command.size()});
  if (auto sent = socket_.send(header + command, deadline); !sent) {
    return base::fail(sent.error().text);
  }
  for (;;) {
    auto line = socket_.read_line(max_header, deadline);
    if (!line) return base::fail(line.error().text);
    line->pop_back();
    const auto reply = parse_header(*line, "done", max_output);
    if (!reply) return base::fail("run: the guest's answer is not one");
    auto body = socket_.read_exactly(reply->length, deadline);
    if (!body) return base::fail(body.error().text);
    if (reply->id == id) {
      return CommandResult{.exit = static_cast<int>(reply->number), .out = std::move(*body)};
    }
  }
}

}  // namespace rig
