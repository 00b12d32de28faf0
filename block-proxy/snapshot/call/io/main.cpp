// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-snapshot-call: streams of other qubes for the snapshots of this one.
#include <cstdlib>
#include <exception>
#include <iostream>

#include "block-proxy/snapshot/call/io/call.hpp"

int main(int argc, char** argv) {
  namespace snapshot = blockproxy::snapshot;
  try {
    const auto options =
        snapshot::CallOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    const char* service = std::getenv("QREXEC_SERVICE_FULL_NAME");
    if (!options || (!options->help && service == nullptr)) {
      std::cerr << "sallyport-snapshot-call: "
                << (options ? "it is started by an agent, as a service" : options.error().text)
                << '\n'
                << snapshot::call_usage;
      return 1;
    }
    if (options->help) {
      std::cout << snapshot::call_usage;
      return 0;
    }
    const char* decided = std::getenv("SALLYPORT_OPTIONS");
    return snapshot::run_call(*options, service, decided == nullptr ? "" : decided);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-snapshot-call: " << error.what() << '\n';
    return 1;
  }
}
