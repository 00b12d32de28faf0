// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-input-receiver: input devices of other qubes (docs/protocol.md 10).
#include <exception>
#include <iostream>

#include "input-proxy/io/receiver.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        inputproxy::io::ReceiverOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << "sallyport-input-receiver: " << options.error().text << '\n'
                << inputproxy::io::receiver_usage;
      return 2;
    }
    if (options->help) {
      std::cout << inputproxy::io::receiver_usage;
      return 0;
    }
    return inputproxy::io::run_receiver(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-input-receiver: " << error.what() << '\n';
    return 1;
  }
}
