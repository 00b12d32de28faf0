// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-agent: runs in every qube; see docs/protocol.md and sallyport-agent(8).
#include <boost/asio/io_context.hpp>
#include <iostream>

#include "agent/io/agent.hpp"
#include "agent/io/inventory_file_watcher.hpp"
#include "agent/io/local_socket.hpp"
#include "agent/io/options.hpp"
#include "base/io/unix_socket.hpp"
#include "sys-usb/io/block_watcher.hpp"
#include "sys-usb/io/usb_watcher.hpp"

namespace {

base::Status run(agent::io::Options options) {
  const base::io::Log log("sallyport-agent");
  base::io::ignore_sigpipe();
  boost::asio::io_context io(1);
  auto dialer = agent::io::Dialer::parse(io, options.dial);
  if (!dialer) return base::fail("--dial: " + dialer.error().text);
  auto socket = agent::io::listen_and_drop_rights(options);
  if (!socket) return base::fail(socket.error().text);
  agent::io::Agent agent(io, *dialer, std::move(options.services), *std::move(socket),
                         options.socket, log);
  const auto added = [&agent](const sysusb::InventoryRecord& one) { agent.device_added(one); };
  const auto removed = [&agent](const std::string& port_id) { agent.device_removed(port_id); };
  // dom0 is dialled only when all that is there is known: its first list is whole.
  int looking = 0;
  const auto looked = [&] {
    if (--looking == 0) agent.start();
  };
  const std::string& inventory = options.inventory;
  std::unique_ptr<sysusb::UsbWatcher> usb;
  std::unique_ptr<sysusb::BlockWatcher> block;
  std::unique_ptr<agent::io::InventoryFileWatcher> paper;
  if (inventory == "usb") {
    ++looking;
    usb = std::make_unique<sysusb::UsbWatcher>(io, added, removed, looked);
    if (auto started = usb->start(); !started) return started;
  } else if (inventory.starts_with("file:")) {
    paper = std::make_unique<agent::io::InventoryFileWatcher>(io, inventory.substr(5), added,
                                                              removed, log);
    if (auto started = paper->start(); !started) return started;
  } else if (inventory != "none") {
    return base::fail("--inventory: '" + inventory + "' is not usb, none or file:PATH");
  }
  if (options.block_devices == agent::io::BlockDevices::reported) {
    ++looking;
    const auto hidden = [&log](const std::string& name, sysusb::Hidden reason) {
      log.info("block_device_hidden", {{"device", name}, {"reason", describe(reason)}});
    };
    const auto blind = [&log](const std::string& problem) {
      log.warning("block_devices_unknown", {{"reason", problem}});
    };
    block = std::make_unique<sysusb::BlockWatcher>(
        io, sysusb::BlockWatcher::Handlers{added, added, removed, looked, hidden, blind});
    if (auto started = block->start(); !started) return started;
    agent.on_served([&block](auto port_ids) { block->set_attached(std::move(port_ids)); });
  }
  if (looking == 0) agent.start();
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
