// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport: shows what the daemon does, and what policy would say.
#include <iostream>

#include "cli/io/admin_client.hpp"
#include "cli/io/invocation.hpp"
#include "cli/io/log_tool.hpp"
#include "cli/sallyport_command.hpp"
#include "policy/io/tool.hpp"

int main(int argc, char** argv) {
  const auto invocation = cli::io::read_invocation(argc, argv);
  if (!invocation) {
    return cli::io::finish({.code = cli::exit_usage,
                            .out = {},
                            .err = "sallyport: error: " + invocation.error().text + "\n"});
  }
  if (!invocation->words.empty() && invocation->words[0] == "policy") {
    return policy::io::run_policy_tool({invocation->words.begin() + 1, invocation->words.end()},
                                       invocation->paths, std::cin, std::cout, std::cerr);
  }
  if (!invocation->words.empty() && invocation->words[0] == "log") {
    return cli::io::run_log({invocation->words.begin() + 1, invocation->words.end()},
                            invocation->paths, invocation->columns);
  }
  const cli::Admin admin = cli::io::connect_admin(invocation->paths.admin_socket());
  return cli::io::finish(cli::run_sallyport(invocation->words, admin, invocation->columns));
}
