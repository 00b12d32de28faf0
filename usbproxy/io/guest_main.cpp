// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-usb-guest: the service qubes.USBAttach for a guest that has no agent.
#include "usbproxy/io/guest.hpp"

int main(int argc, char** argv) {
  return base::io::guest_main(argc, argv,
                              {.name = "sallyport-usb-guest",
                               .usage = usbproxy::io::guest_usage,
                               .run = usbproxy::io::run_guest});
}
