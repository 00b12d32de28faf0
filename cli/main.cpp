// SPDX-License-Identifier: GPL-2.0-or-later
// qvm-device, and by other names qvm-usb and qvm-block: lists devices and gives them to qubes.
#include "cli/completion.hpp"
#include "cli/io/admin_client.hpp"
#include "cli/io/invocation.hpp"
#include "cli/io/watch.hpp"

namespace {

// For the shells: `qvm-device --complete PROGRAM WORD...`. A person waits for the key's effect, so
// a daemon that is slow is as good as none.
constexpr std::chrono::milliseconds completion_limit{80};

int complete(const cli::io::Invocation& invocation) {
  const cli::Words words(invocation.words.begin() + 2, invocation.words.end());
  const cli::Admin admin =
      cli::io::connect_admin(invocation.paths.admin_socket(), completion_limit);
  const auto found = cli::complete(invocation.words[1], words, admin);
  return cli::io::finish({.code = 0, .out = cli::format_candidates(found), .err = {}});
}

}  // namespace

int main(int argc, char** argv) {
  const auto invocation = cli::io::read_invocation(argc, argv);
  if (!invocation) {
    return cli::io::finish({.code = cli::exit_usage,
                            .out = {},
                            .err = "qvm-device: error: " + invocation.error().text + "\n"});
  }
  if (invocation->words.size() > 1 && invocation->words[0] == "--complete") {
    return complete(*invocation);
  }
  const auto command =
      cli::parse_device_command(invocation->program, invocation->words, invocation->columns);
  if (!command) return cli::io::finish(command.error());
  if (command->action == cli::DeviceAction::watch) {
    return cli::io::watch(*command, invocation->paths.admin_socket());
  }
  const cli::Admin admin = cli::io::connect_admin(invocation->paths.admin_socket());
  return cli::io::finish(cli::run_device_command(*command, admin, invocation->header));
}
