// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/usbproxy/firewall/golden.hpp"

namespace usbproxy::test {

const std::vector<Golden>& golden_devices() {
  static const std::vector<Golden> all{
      {.name = "keyboard",  // QEMU: usb-kbd
       .speed = Speed::high,
       .device = from_hex("12 01 00 02 00 00 00 40 27 06 01 00 00 00 01 04 0b 01"),
       .configurations = {from_hex(
           "09 02 22 00 01 01 08 a0 32 09 04 00 00 01 03 01 01 00 09 21 11 01 00 01 22 3f 00 07 "
           "05 81 03 08 00 07")}},
      {.name = "pen tablet",  // QEMU: usb-wacom-tablet
       .speed = Speed::full,
       .device = from_hex("12 01 10 01 00 00 00 08 6a 05 00 00 10 42 01 02 03 01"),
       .configurations = {from_hex(
           "09 02 22 00 01 01 00 80 28 09 04 00 00 01 03 01 02 00 09 21 01 10 00 01 22 6e 00 07 "
           "05 81 03 08 00 0a")}},
      {.name = "card reader",  // QEMU: usb-ccid
       .speed = Speed::full,
       .device = from_hex("12 01 10 01 00 00 00 40 e6 08 33 44 00 00 01 02 03 01"),
       .configurations = {from_hex(
           "09 02 5d 00 01 01 00 e0 32 09 04 00 00 03 0b 00 00 04 36 21 10 01 00 07 01 00 00 00 "
           "a0 0f 00 00 00 00 01 00 00 80 25 00 00 00 c2 01 00 00 fe 00 00 00 00 00 00 00 00 00 "
           "00 00 fe 04 01 00 12 00 01 00 ff ff 00 00 01 01 07 05 81 03 40 00 ff 07 05 82 02 40 "
           "00 00 07 05 03 02 40 00 00")}},
      {.name = "headset",  // QEMU: usb-audio
       .speed = Speed::full,
       .device = from_hex("12 01 00 01 00 00 00 40 f4 46 02 00 00 00 01 02 03 01"),
       .configurations = {from_hex(
           "09 02 71 00 02 01 04 c0 32 09 04 00 00 00 01 01 04 05 09 24 01 00 01 2b 00 01 01 0c "
           "24 02 01 01 01 00 02 03 00 00 06 0d 24 06 02 01 02 01 00 02 00 02 00 07 09 24 03 03 "
           "01 03 00 02 08 09 04 01 00 00 01 02 00 09 09 04 01 01 01 01 02 00 0a 07 24 01 01 00 "
           "01 00 0b 24 02 01 02 02 10 01 80 bb 00 09 05 01 0d c0 00 01 00 00 07 25 01 00 00 00 "
           "00")}},
      {.name = "media player",  // QEMU: usb-mtp
       .speed = Speed::high,
       .device = from_hex("12 01 00 02 00 00 00 40 f4 46 04 00 00 00 01 02 03 01"),
       .configurations = {from_hex(
           "09 02 27 00 01 01 06 a0 02 09 04 00 00 03 06 01 01 04 07 05 81 02 00 02 00 07 05 02 "
           "02 00 02 00 07 05 83 03 40 00 0a")}},
      {.name = "serial adapter",  // QEMU: usb-serial
       .speed = Speed::full,
       .device = from_hex("12 01 00 02 00 00 00 08 03 04 01 60 00 04 01 02 04 01"),
       .configurations = {from_hex(
           "09 02 20 00 01 01 00 a0 32 09 04 00 00 02 ff ff ff 00 07 05 81 02 40 00 00 07 05 02 "
           "02 40 00 00")}},
      {.name = "network",  // QEMU: usb-net, RNDIS and CDC
       .speed = Speed::full,
       .device = from_hex("12 01 00 02 02 00 00 40 25 05 a2 a4 00 00 01 02 0a 02"),
       .configurations =
           {from_hex("09 02 43 00 02 02 09 c0 32 09 04 00 00 01 02 02 ff 06 05 24 00 10 01 05 24 "
                     "01 00 01 "
                     "04 24 02 00 05 24 06 00 01 07 05 81 03 10 00 20 09 04 01 00 02 0a 00 00 04 "
                     "07 05 82 "
                     "02 40 00 00 07 05 02 02 40 00 00"),
            from_hex("09 02 50 00 02 01 07 c0 32 09 04 00 00 01 02 06 00 05 05 24 00 10 01 05 24 "
                     "06 00 01 "
                     "0d 24 0f 03 00 00 00 00 ea 05 00 00 00 07 05 81 03 10 00 20 09 04 01 00 00 "
                     "0a 00 00 "
                     "00 09 04 01 01 02 0a 00 00 04 07 05 82 02 40 00 00 07 05 02 02 40 00 00")}},
      {.name = "stick",  // a stick of 2010
       .speed = Speed::high,
       .device = from_hex("12 01 00 02 00 00 00 40 51 09 66 16 10 01 01 02 03 01"),
       .configurations = {from_hex(
           "09 02 20 00 01 01 00 80 96 09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 07 05 02 "
           "02 00 02 00")}},
      {.name = "receiver",  // 046d:c52b, for a keyboard and a mouse
       .speed = Speed::full,
       .device = from_hex("12 01 00 02 00 00 00 08 6d 04 2b c5 11 24 01 02 00 01"),
       .configurations = {from_hex(
           "09 02 54 00 03 01 04 a0 31 09 04 00 00 01 03 01 01 00 09 21 11 01 00 01 22 3b 00 07 "
           "05 81 03 08 00 08 09 04 01 00 01 03 01 02 00 09 21 11 01 00 01 22 94 00 07 05 82 03 "
           "08 00 02 09 04 02 00 01 03 00 00 00 09 21 11 01 00 01 22 62 00 07 05 83 03 20 00 02")}},
      {.name = "uas drive",  // as UASP 1.0 wants it
       .speed = Speed::super,
       .device = from_hex("12 01 00 03 00 00 00 09 f4 46 03 00 00 00 01 02 03 01"),
       .configurations = {from_hex(
           "09 02 56 00 01 01 00 c0 00 09 04 00 00 04 08 06 62 00 07 05 01 02 00 04 00 06 30 00 "
           "00 00 00 04 24 01 00 07 05 82 02 00 04 00 06 30 00 04 00 00 04 24 02 00 07 05 83 02 "
           "00 04 00 06 30 0f 04 00 00 04 24 03 00 07 05 04 02 00 04 00 06 30 0f 04 00 00 04 24 "
           "04 00")}},
  };
  return all;
}

}  // namespace usbproxy::test
