// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-input-sender: an input device of this qube on a stream (docs/protocol.md 10).
#include <exception>
#include <iostream>

#include "input-proxy/io/sender.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        inputproxy::io::SenderOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << "sallyport-input-sender: " << options.error().text << '\n'
                << inputproxy::io::sender_usage;
      return 2;
    }
    if (options->help) {
      std::cout << inputproxy::io::sender_usage;
      return 0;
    }
    return inputproxy::io::run_sender(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-input-sender: " << error.what() << '\n';
    return 1;
  }
}
