// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-guest: the service sallyport.BlockAttach for a guest that has no agent.
#include <exception>
#include <iostream>

#include "block-proxy/io/guest.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        blockproxy::io::GuestOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << options.error().text << '\n' << blockproxy::io::guest_usage;
      return 1;
    }
    if (options->help) {
      std::cout << blockproxy::io::guest_usage;
      return 0;
    }
    return blockproxy::io::run_guest(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-block-guest: " << error.what() << '\n';
    return 1;
  }
}
