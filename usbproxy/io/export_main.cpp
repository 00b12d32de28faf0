// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-usb-export: the service qubes.USB+PORT for targets with Qubes' own usb-import.
#include <exception>
#include <iostream>

#include "usbproxy/io/export.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        usbproxy::io::ExportOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << options.error().text << '\n' << usbproxy::io::export_usage;
      return 1;
    }
    if (options->help) {
      std::cout << usbproxy::io::export_usage;
      return 0;
    }
    return usbproxy::io::run_export(*options);
  } catch (const std::exception& error) {
    std::cerr << "sallyport-usb-export: " << error.what() << '\n';
    return 1;
  }
}
