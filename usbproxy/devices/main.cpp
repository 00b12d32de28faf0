// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-devices: root's device helper in a qube (docs/protocol.md 2).
#include <unistd.h>

#include <iostream>

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "usbproxy/devices/options.hpp"

namespace {

base::Status run(usbproxy::devices::Options options) {
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
  if (auto entered = usbproxy::devices::enter_helper_sandbox(options.config); !entered) {
    return entered;
  }
  usbproxy::devices::Helper helper(std::move(options.config), *std::move(listener));
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
    auto options = usbproxy::devices::parse_options(argc, argv);
    if (!options) return 0;
    const auto done = run(*std::move(options));
    return done ? 0 : complain(done.error().text);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
