// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-snapshot: a medium through its verified snapshot.
#include <exception>
#include <iostream>

#include "block-proxy/snapshot/server/io/run.hpp"

int main(int argc, char** argv) {
  namespace snapshot = blockproxy::snapshot;
  try {
    const auto options =
        snapshot::ServerOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << "sallyport-snapshot: " << options.error().text << '\n'
                << snapshot::snapshot_usage;
      return 2;
    }
    if (options->help) {
      std::cout << snapshot::snapshot_usage;
      return 0;
    }
    return snapshot::run_snapshot_server(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-snapshot: " << error.what() << '\n';
    return 1;
  }
}
