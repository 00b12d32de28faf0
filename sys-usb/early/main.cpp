// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-early-usb: keyboards for the disk's passphrase, before there is a sys-usb.
#include <algorithm>
#include <iostream>

#include "sys-usb/early/io/early_run.hpp"

int main(int argc, char** argv) {
  using sysusb::early::Action;
  const auto arguments =
      sysusb::early::parse_early_arguments({argv + std::min(argc, 1), argv + argc});
  if (!arguments) {
    std::cerr << "sallyport-early-usb: " << arguments.error().text << "\n"
              << sysusb::early::usage();
    return 2;
  }
  switch (arguments->action) {
    case Action::check:
      return sysusb::early::io::run_check(*arguments);
    case Action::allow:
      return sysusb::early::io::run_allow(*arguments);
    case Action::revoke:
      return sysusb::early::io::run_revoke(*arguments);
    case Action::help:
      break;
  }
  std::cout << sysusb::early::usage();
  return 0;
}
