// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport: shows what the daemon does.
#include "cli/io/admin_client.hpp"
#include "cli/io/invocation.hpp"
#include "cli/sallyport_command.hpp"

int main(int argc, char** argv) {
  const auto invocation = cli::io::read_invocation(argc, argv);
  if (!invocation) {
    return cli::io::finish({.code = cli::exit_usage,
                            .out = {},
                            .err = "sallyport: error: " + invocation.error().text + "\n"});
  }
  const cli::Admin admin = cli::io::connect_admin(invocation->paths.admin_socket());
  return cli::io::finish(cli::run_sallyport(invocation->words, admin, invocation->columns));
}
