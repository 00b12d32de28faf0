// SPDX-License-Identifier: GPL-2.0-or-later
// qvm-device, and by other names qvm-usb and qvm-block: lists devices and gives them to qubes.
#include "cli/io/admin_client.hpp"
#include "cli/io/invocation.hpp"
#include "cli/io/watch.hpp"

int main(int argc, char** argv) {
  const auto invocation = cli::io::read_invocation(argc, argv);
  if (!invocation) {
    return cli::io::finish({.code = cli::exit_usage,
                            .out = {},
                            .err = "qvm-device: error: " + invocation.error().text + "\n"});
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
