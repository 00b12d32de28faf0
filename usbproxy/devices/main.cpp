// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-devices: root's device helper in a qube (docs/protocol.md 2).
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cstdio>

#include "base/io/unix_socket.hpp"
#include "usbproxy/devices/client.hpp"
#include "usbproxy/devices/helper.hpp"

namespace {

namespace po = boost::program_options;
using usbproxy::devices::Right;

int complain(const std::string& text) {
  std::fprintf(stderr, "sallyport-devices: %s\n", text.c_str());
  return 1;
}

base::Status give_to_group(const std::string& socket, const std::string& name,
                           usbproxy::devices::HelperConfig& config) {
  const group* found = ::getgrnam(name.c_str());
  if (found == nullptr) return base::fail("no group '" + name + "'; create it first");
  config.group = found->gr_gid;
  if (::chown(socket.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0)
    return base::io::fail_errno("give " + socket + " to group " + name);
  return base::Ok{};
}

base::Status run(const po::variables_map& options) {
  usbproxy::devices::HelperConfig config;
  if (options.count("allow-usb") > 0) config.usb = Right::allowed;
  if (options.count("allow-vhci") > 0) config.vhci = Right::allowed;
  config.dev = options["dev"].as<std::string>();
  config.vhci_folder = options["sysfs"].as<std::string>() + "/devices/platform/vhci_hcd.0";

  const auto socket = options["socket"].as<std::string>();
  auto listener =
      base::io::listen_unix(socket, 0660, base::io::SocketType::seqpacket, base::io::Blocking::no);
  if (!listener) return base::fail(listener.error().text);
  if (options.count("group") > 0) {
    if (auto given = give_to_group(socket, options["group"].as<std::string>(), config); !given)
      return given;
  }
  if (auto entered = usbproxy::devices::enter_helper_sandbox(config); !entered) return entered;
  usbproxy::devices::Helper helper(std::move(config), std::move(*listener));
  for (;;) {
    if (auto turned = helper.turn(std::chrono::seconds(1)); !turned) return turned;
  }
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description known("sallyport-devices: opens devices for the agent's programs");
  auto add = known.add_options();
  add("help", "show this");
  add("socket", po::value<std::string>()->default_value(usbproxy::devices::default_socket),
      "where to listen (mode 0660)");
  add("group", po::value<std::string>(), "group that may ask, besides root");
  add("allow-usb", "open USB device nodes");
  add("allow-vhci", "attach to and detach from vhci ports");
  add("dev", po::value<std::string>()->default_value("/dev/bus/usb"), "where the device nodes are");
  add("sysfs", po::value<std::string>()->default_value("/sys"), "where sysfs is");
  try {
    po::variables_map options;
    po::store(po::parse_command_line(argc, argv, known), options);
    po::notify(options);
    if (options.count("help") > 0) {
      std::puts("Usage: sallyport-devices [--allow-usb] [--allow-vhci] [--group NAME] ...");
      return 0;
    }
    const auto done = run(options);
    return done ? 0 : complain(done.error().text);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
