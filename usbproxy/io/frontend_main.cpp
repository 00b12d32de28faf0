// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-usb-frontend: the service qubes.USBAttach of a target qube.
#include <exception>
#include <iostream>

#include "usbproxy/io/frontend.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        usbproxy::io::FrontendOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << options.error().text << '\n' << usbproxy::io::frontend_usage;
      return 1;
    }
    if (options->help) {
      std::cout << usbproxy::io::frontend_usage;
      return 0;
    }
    return usbproxy::io::run_frontend(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-usb-frontend: " << error.what() << '\n';
    return 1;
  }
}
