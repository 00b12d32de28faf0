// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/options.hpp"

#include <boost/program_options.hpp>
#include <iostream>

namespace agent::io {

std::optional<Options> parse_options(int argc, char** argv) {
  namespace po = boost::program_options;
  po::options_description options("sallyport-agent --dial WHERE [options]");
  const std::vector<std::string> folders{"/run/qubes-rpc", "/usr/local/etc/qubes-rpc",
                                         "/etc/qubes-rpc"};
  options.add_options()("help,h", "this text")(
      "dial", po::value<std::string>()->required(),
      "vsock:CID:PORT, tcp:ADDRESS:PORT or unix:PATH of dom0")(
      "inventory", po::value<std::string>()->default_value("none"), "usb, none or file:PATH")(
      "block", "reports this qube's block devices too")(
      "socket", po::value<std::string>()->default_value("/run/sallyport/agent.sock"),
      "where this qube's programs ask for calls")(
      "services",
      po::value<std::vector<std::string>>()->default_value(folders, "qubes-rpc folders"),
      "folder of services; may be given several times")(
      "user", po::value<std::string>(), "becomes this user once the socket is there");
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, options), given);
  if (given.contains("help")) {
    std::cout << options;
    return std::nullopt;
  }
  po::notify(given);
  const auto services = given["services"].as<std::vector<std::string>>();
  Options result{.dial = given["dial"].as<std::string>(),
                 .inventory = given["inventory"].as<std::string>(),
                 .socket = given["socket"].as<std::string>(),
                 .services = {services.begin(), services.end()},
                 .user = std::nullopt};
  if (given.contains("block")) result.block_devices = BlockDevices::reported;
  if (given.contains("user")) result.user = given["user"].as<std::string>();
  return result;
}

}  // namespace agent::io
