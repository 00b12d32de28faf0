// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-agent: runs in every qube; see docs/protocol.md and sallyport-agent(8).
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <iostream>

#include "agent/io/agent.hpp"
#include "agent/io/inventory_file_watcher.hpp"
#include "agent/io/options.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "sys-usb/io/usb_watcher.hpp"

namespace {

base::Status run(agent::io::Options options) {
  const base::io::Log log("sallyport-agent");
  base::io::ignore_sigpipe();
  boost::asio::io_context io(1);
  auto dialer = agent::io::Dialer::parse(io, options.dial);
  if (!dialer) return base::fail("--dial: " + dialer.error().text);
  auto socket = base::io::listen_unix(options.socket, 0660, base::io::SocketType::seqpacket,
                                      base::io::Blocking::no);
  if (!socket) return base::fail(socket.error().text);
  if (options.user) {
    const auto identity = base::io::find_identity(*options.user);
    if (!identity) return base::fail(identity.error().text);
    // Its programs run as the same user and must reach the socket.
    if (::chown(options.socket.c_str(), identity->uid, identity->gid) != 0) {
      return base::io::fail_errno("chown " + options.socket.string());
    }
    if (auto dropped = base::io::drop_identity(*identity); !dropped) return dropped;
  }
  // What the agent starts is never more than the agent: no setuid program helps it.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::io::fail_errno("no_new_privs");
  agent::io::Agent agent(io, *dialer, std::move(options.services), *std::move(socket), log);
  const auto added = [&agent](const sysusb::DeviceRecord& record) { agent.device_added(record); };
  const auto removed = [&agent](const std::string& port_id) { agent.device_removed(port_id); };
  const std::string& inventory = options.inventory;
  std::unique_ptr<sysusb::UsbWatcher> watcher;
  std::unique_ptr<agent::io::InventoryFileWatcher> paper;
  if (inventory == "usb") {
    // dom0 is dialled only when all that is there is known: its first list is whole.
    watcher = std::make_unique<sysusb::UsbWatcher>(io, added, removed, [&agent] { agent.start(); });
    if (auto started = watcher->start(); !started) return started;
  } else if (inventory.starts_with("file:")) {
    paper = std::make_unique<agent::io::InventoryFileWatcher>(io, inventory.substr(5), added,
                                                              removed, log);
    if (auto started = paper->start(); !started) return started;
  } else if (inventory != "none") {
    return base::fail("--inventory: '" + inventory + "' is not usb, none or file:PATH");
  }
  if (!watcher) agent.start();
  io.run();
  return base::Ok{};
}

}  // namespace

int main(int argc, char** argv) try {
  auto options = agent::io::parse_options(argc, argv);
  if (!options) return 0;
  const auto ran = run(*std::move(options));
  if (ran) return 0;
  std::cerr << "sallyport-agent: " << ran.error().text << '\n';
  return 1;
} catch (const std::exception& error) {
  std::cerr << "sallyport-agent: " << error.what() << '\n';
  return 2;
}
