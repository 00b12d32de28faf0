// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-frontend: the service sallyport.BlockAttach of a target qube.
#include <exception>
#include <iostream>

#include "block-proxy/io/frontend.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        blockproxy::io::FrontendOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << options.error().text << '\n' << blockproxy::io::frontend_usage;
      return 1;
    }
    if (options->help) {
      std::cout << blockproxy::io::frontend_usage;
      return 0;
    }
    return blockproxy::io::run_frontend(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-block-frontend: " << error.what() << '\n';
    return 1;
  }
}
