// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-devices: root's device helper in a qube (docs/protocol.md 2).
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "agent/devices/options.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"

namespace {

base::Status run(agent::devices::Options options) {
  auto listener = base::io::listen_unix(options.socket, 0660, base::io::SocketType::seqpacket,
                                        base::io::Blocking::no);
  if (!listener) return base::fail(listener.error().text);
  if (options.group) {
    const auto gid = base::io::find_group(*options.group);
    if (!gid) return base::fail(gid.error().text);
    if (::chown(options.socket.c_str(), static_cast<uid_t>(-1), *gid) != 0) {
      return base::io::fail_errno("give " + options.socket + " to group " + *options.group);
    }
    options.config.group = *gid;
  }
  std::optional<agent::devices::NbdControl> nbd;
  if (options.config.nbd == agent::devices::Right::allowed) {
    auto opened = agent::devices::NbdControl::open();
    if (!opened) return base::fail(opened.error().text);
    nbd = *std::move(opened);
    // Whoever had them is gone; a device without its helper would be there for ever.
    for (const auto& left : agent::devices::find_left_behind(options.config.nbd_sysfs)) {
      static_cast<void>(nbd->disconnect(left.index));
      agent::devices::NbdLinks::remove(options.config.nbd_dev, left.name, left.index);
    }
    ::signal(SIGCHLD, SIG_IGN);  // nobody waits for the processes that open a device once
  }
  if (auto entered = agent::devices::enter_helper_sandbox(options.config); !entered) {
    return entered;
  }
  agent::devices::Helper helper(std::move(options.config), *std::move(listener), std::move(nbd));
  for (;;) {
    if (auto turned = helper.turn(std::chrono::seconds(1)); !turned) return turned;
  }
}

int complain(const std::string& text) {
  std::cerr << "sallyport-devices: " << text << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    auto options = agent::devices::parse_options(argc, argv);
    if (!options) return 0;
    const auto done = run(*std::move(options));
    return done ? 0 : complain(done.error().text);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
