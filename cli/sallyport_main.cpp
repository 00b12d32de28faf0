// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport: shows what the daemon does, and what policy would say.
#include <functional>
#include <iostream>

#include "cli/io/admin_client.hpp"
#include "cli/io/controllers_host.hpp"
#include "cli/io/db_tool.hpp"
#include "cli/io/doctor_tool.hpp"
#include "cli/io/invocation.hpp"
#include "cli/io/log_tool.hpp"
#include "cli/io/scan_tool.hpp"
#include "cli/io/snapshot_tool.hpp"
#include "cli/io/usb_tool.hpp"
#include "cli/sallyport_command.hpp"
#include "policy/io/tool.hpp"

namespace {

// Policy knows no Admin API; it is only told which qubes and devices there are.
base::Result<std::string> fetch_system_info(const cli::Admin& admin) {
  auto answer =
      admin({.method = "internal.GetSystemInfo", .argument = {}, .target = "dom0", .payload = {}});
  if (!answer) return base::fail(answer.error().text);
  return *std::move(answer);
}

base::Result<std::string> fetch_device(const cli::Admin& admin, const std::string& backend,
                                       const std::string& port) {
  auto answer = admin(
      {.method = "sallyport.DeviceFacts", .argument = port, .target = backend, .payload = {}});
  if (!answer) return base::fail(answer.error().text);
  return *std::move(answer);
}

}  // namespace

int main(int argc, char** argv) {
  const auto invocation = cli::io::read_invocation(argc, argv);
  if (!invocation) {
    return cli::io::finish({.code = cli::exit_usage,
                            .out = {},
                            .err = "sallyport: error: " + invocation.error().text + "\n"});
  }
  const cli::Admin admin = cli::io::connect_admin(invocation->paths.admin_socket());
  if (!invocation->words.empty() && invocation->words[0] == "policy") {
    return policy::io::run_policy_tool(
        {invocation->words.begin() + 1, invocation->words.end()},
        {.paths = invocation->paths,
         .in = std::cin,
         .out = std::cout,
         .errors = std::cerr,
         .fetch_system_info = std::bind_front(fetch_system_info, std::cref(admin)),
         .fetch_device = std::bind_front(fetch_device, std::cref(admin))});
  }
  if (!invocation->words.empty() && invocation->words[0] == "log") {
    return cli::io::run_log({invocation->words.begin() + 1, invocation->words.end()},
                            invocation->paths, invocation->columns);
  }
  if (!invocation->words.empty() && invocation->words[0] == "snapshot") {
    return cli::io::finish(
        cli::io::run_snapshot({invocation->words.begin() + 1, invocation->words.end()}, admin,
                              invocation->paths, invocation->columns));
  }
  if (!invocation->words.empty() && invocation->words[0] == "db") {
    return cli::io::finish(cli::io::run_db({invocation->words.begin() + 1, invocation->words.end()},
                                           invocation->paths, invocation->columns));
  }
  if (!invocation->words.empty() && invocation->words[0] == "scan") {
    return cli::io::finish(
        cli::io::run_scan({invocation->words.begin() + 1, invocation->words.end()}, admin,
                          invocation->paths, invocation->columns));
  }
  if (!invocation->words.empty() && invocation->words[0] == "usb") {
    return cli::io::finish(cli::io::run_usb(
        {invocation->words.begin() + 1, invocation->words.end()}, admin, invocation->columns));
  }
  if (!invocation->words.empty() && invocation->words[0] == "doctor") {
    return cli::io::finish(
        cli::io::run_doctor({invocation->words.begin() + 1, invocation->words.end()},
                            invocation->paths, invocation->columns));
  }
  if (!invocation->words.empty() && invocation->words[0] == "controllers") {
    return cli::io::finish(
        cli::io::run_controllers({invocation->words.begin() + 1, invocation->words.end()},
                                 invocation->paths, invocation->columns));
  }
  return cli::io::finish(cli::run_sallyport(invocation->words, admin, invocation->columns));
}
