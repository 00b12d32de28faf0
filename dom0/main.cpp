// SPDX-License-Identifier: GPL-2.0-or-later
// sallyportd: dom0's daemon; see docs/architecture.md and sallyportd(8).
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "base/io/unix_socket.hpp"
#include "dom0/io/admin_methods.hpp"
#include "dom0/io/admin_server.hpp"
#include "dom0/io/broker.hpp"
#include "dom0/io/daemon_setup.hpp"
#include "dom0/io/options.hpp"
#include "dom0/io/paper_qubes.hpp"
#include "dom0/io/registry.hpp"

namespace {

base::Status run(const dom0::io::Options& options) {
  const base::io::Log log("sallyportd");
  const base::io::Paths& paths = options.paths;
  base::io::ignore_sigpipe();
  if (::geteuid() == 0 || options.user) {
    const std::string user = options.user.value_or("sallyport");
    const auto identity = dom0::io::identity_of(user);
    if (!identity) return base::fail(identity.error().text + ", or name another with --user");
    if (auto made = dom0::io::make_folders(paths, *identity); !made) return made;
    if (auto dropped = base::io::drop_identity(*identity); !dropped) return dropped;
  } else if (auto made = dom0::io::make_folders(paths, {}); !made) {
    return made;
  }
  auto registry = dom0::io::load_registry(paths.qubes_d());
  if (!registry) return base::fail(registry.error().text);
  if (auto there = dom0::io::ensure_relay(paths, options.relay); !there) return there;
  // A stop of the daemon is the end of its paper qubes.
  dom0::io::PaperQubes paper(options.relay.parent_path());
  if (auto started = paper.start(paths, *registry); !started) return started;
  boost::asio::io_context io(1);
  dom0::io::Broker broker(io, paths, *std::move(registry), options.prompt_limit, log,
                          {.hold = options.replug_hold});
  if (auto started = broker.start(paths); !started) return started;
  dom0::io::AdminMethods methods(broker);
  auto admin = base::io::listen_unix(paths.admin_socket(), 0666, base::io::SocketType::stream,
                                     base::io::Blocking::no);
  if (!admin) return base::fail(admin.error().text);
  std::make_shared<dom0::io::AdminServer>(io, *std::move(admin), base::io::find_right_groups(),
                                          methods.handler(), log)
      ->start();
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  if (auto entered = dom0::io::enter_daemon_sandbox(paths); !entered) return entered;
  log.info("ready", {{"root", paths.root().string()},
                     {"qubes", std::to_string(broker.board().qubes.size())}});
  io.run();
  return base::Ok{};
}

}  // namespace

int main(int argc, char** argv) try {
  const auto options = dom0::io::parse_options(argc, argv);
  if (!options) return 0;
  const auto ran = run(*options);
  if (ran) return 0;
  std::cerr << "sallyportd: " << ran.error().text << '\n';
  return 1;
} catch (const std::exception& error) {
  std::cerr << "sallyportd: " << error.what() << '\n';
  return 2;
}
