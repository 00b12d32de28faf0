// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-qube: starts and stops qubes.
#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "sys-usb/io/qube_launcher.hpp"

int main(int argc, char** argv) try {
  // A qube outlives this program; what its caller forgot to close must not live on in it.
  ::close_range(3, ~0U, 0);
  const auto arguments =
      sysusb::parse_qube_arguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!arguments) {
    std::cerr << "sallyport-qube: " << arguments.error().text << '\n';
    return 2;
  }
  const auto status = sysusb::io::Launcher(*arguments, std::cout).run();
  if (status) return *status;
  std::cerr << "sallyport-qube: " << status.error().text << '\n';
  return 1;
} catch (const std::exception& error) {
  std::cerr << "sallyport-qube: " << error.what() << '\n';
  return 1;
}
