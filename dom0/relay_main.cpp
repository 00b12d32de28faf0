// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-relay: joins the two ends of every call; started by sallyportd or by systemd.
#include <boost/asio/io_context.hpp>
#include <boost/program_options.hpp>
#include <iostream>

#include "base/io/paths.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "dom0/io/relay.hpp"

namespace {

base::Status run(const base::io::Paths& paths, std::chrono::seconds away_limit) {
  const base::io::Log log("sallyport-relay");
  base::io::ignore_sigpipe();
  auto listening = base::io::listen_unix(paths.relay_socket(), 0600,
                                         base::io::SocketType::seqpacket, base::io::Blocking::no);
  if (!listening) return base::fail(listening.error().text);
  boost::asio::io_context io(1);
  dom0::io::Relay relay(io, *std::move(listening), away_limit, log);
  relay.start();
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::vector<base::io::PathRight>{}};
  sandbox.syscalls.insert(sandbox.syscalls.end(), {"accept4", "splice", "getuid"});
  if (auto entered = base::io::enter_sandbox(sandbox); !entered) return entered;
  log.info("ready", {{"socket", paths.relay_socket().string()}});
  io.run();
  return base::Ok{};
}

}  // namespace

int main(int argc, char** argv) try {
  namespace po = boost::program_options;
  po::options_description options("sallyport-relay");
  options.add_options()("help,h", "this text")("root", po::value<std::string>()->default_value("/"),
                                               "moves all paths below this folder")(
      "away-limit", po::value<unsigned>()->default_value(60),
      "seconds that calls live on without a daemon");
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, options), given);
  if (given.contains("help")) {
    std::cout << options;
    return 0;
  }
  const auto ran = run(base::io::Paths(given["root"].as<std::string>()),
                       std::chrono::seconds(given["away-limit"].as<unsigned>()));
  if (ran) return 0;
  std::cerr << "sallyport-relay: " << ran.error().text << '\n';
  return 1;
} catch (const std::exception& error) {
  std::cerr << "sallyport-relay: " << error.what() << '\n';
  return 2;
}
