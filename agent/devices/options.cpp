// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/devices/options.hpp"

#include <boost/program_options.hpp>
#include <iostream>

#include "agent/devices/client.hpp"

namespace agent::devices {

std::optional<Options> parse_options(int argc, char** argv) {
  namespace po = boost::program_options;
  po::options_description known("sallyport-devices: opens devices for the agent's programs");
  auto add = known.add_options();
  add("help", "show this");
  add("socket", po::value<std::string>()->default_value(default_socket),
      "where to listen (mode 0660)");
  add("group", po::value<std::string>(), "group that may ask, besides root");
  add("allow-usb", "open USB device nodes");
  add("allow-input", "open input devices (/dev/input/eventN)");
  add("allow-block", "open block devices below /dev");
  add("allow-vhci", "attach to and detach from vhci ports");
  add("allow-nbd", "put block devices of other qubes on the kernel's nbd (needs its module)");
  add("dev", po::value<std::string>()->default_value("/dev/bus/usb"), "where the device nodes are");
  add("sysfs", po::value<std::string>()->default_value("/sys"), "where sysfs is");
  po::variables_map given;
  po::store(po::command_line_parser(argc, argv).options(known).positional({}).run(), given);
  po::notify(given);
  if (given.count("help") > 0) {
    std::cout << known;
    return std::nullopt;
  }
  Options options;
  if (given.count("allow-usb") > 0) options.config.usb = Right::allowed;
  if (given.count("allow-vhci") > 0) options.config.vhci = Right::allowed;
  if (given.count("allow-input") > 0) options.config.input = Right::allowed;
  if (given.count("allow-block") > 0) options.config.block = Right::allowed;
  if (given.count("allow-nbd") > 0) options.config.nbd = Right::allowed;
  options.config.dev = given["dev"].as<std::string>();
  options.config.vhci_folder = given["sysfs"].as<std::string>() + "/devices/platform/vhci_hcd.0";
  options.config.block_numbers = given["sysfs"].as<std::string>() + "/dev/block";
  options.config.nbd_sysfs = given["sysfs"].as<std::string>() + "/devices/virtual/block";
  options.socket = given["socket"].as<std::string>();
  if (given.count("group") > 0) options.group = given["group"].as<std::string>();
  return options;
}

}  // namespace agent::devices
