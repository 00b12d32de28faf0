// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-server: a medium of this qube as an NBD export.
#include <cstdlib>
#include <exception>
#include <iostream>

#include "agent/devices/client.hpp"
#include "block-proxy/attach_request.hpp"
#include "block-proxy/io/block_server.hpp"
#include "block-proxy/io/lent_device.hpp"

namespace {

// Without a medium on the command line this is the service sallyport.Block+NAME.
base::Status name_medium(blockproxy::io::BlockServerOptions& options) {
  if (options.devices_socket.empty()) options.devices_socket = agent::devices::default_socket;
  if (!options.file.empty() || !options.device.empty()) return base::Ok{};
  const char* argument = std::getenv("QREXEC_SERVICE_ARGUMENT");
  const char* decided = std::getenv("SALLYPORT_OPTIONS");
  if (argument == nullptr) return base::fail("which file or device? See --help");
  options.device = argument;
  const auto access = blockproxy::access_of(decided == nullptr ? "" : decided);
  if (!access) return base::fail(access.error().text);
  if (*access == blockproxy::nbd::Access::read_only) options.access = *access;
  return base::Ok{};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    auto options =
        blockproxy::io::BlockServerOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << "sallyport-block-server: " << options.error().text << '\n'
                << blockproxy::io::block_server_usage;
      return 2;
    }
    if (options->help) {
      std::cout << blockproxy::io::block_server_usage;
      return 0;
    }
    if (auto named = name_medium(*options); !named) {
      std::cerr << "sallyport-block-server: " << named.error().text << '\n';
      return 1;
    }
    return blockproxy::io::run_block_server(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-block-server: " << error.what() << '\n';
    return 1;
  }
}
