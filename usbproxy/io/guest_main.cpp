// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-usb-guest: the service qubes.USBAttach for a guest that has no agent.
#include <exception>
#include <iostream>

#include "usbproxy/io/guest.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        usbproxy::io::GuestOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << options.error().text << '\n' << usbproxy::io::guest_usage;
      return 1;
    }
    if (options->help) {
      std::cout << usbproxy::io::guest_usage;
      return 0;
    }
    return usbproxy::io::run_guest(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-usb-guest: " << error.what() << '\n';
    return 1;
  }
}
