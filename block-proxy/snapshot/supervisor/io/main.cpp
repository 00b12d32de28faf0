// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-snapshots: keeps the snapshots of this machine.
#include <exception>
#include <iostream>

#include "block-proxy/snapshot/supervisor/io/supervisor.hpp"

int main(int argc, char** argv) {
  namespace snapshot = blockproxy::snapshot;
  try {
    const auto options =
        snapshot::SupervisorOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << "sallyport-snapshots: " << options.error().text << '\n'
                << snapshot::supervisor_usage;
      return 2;
    }
    if (options->help) {
      std::cout << snapshot::supervisor_usage;
      return 0;
    }
    return snapshot::run_supervisor(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-snapshots: " << error.what() << '\n';
    return 1;
  }
}
