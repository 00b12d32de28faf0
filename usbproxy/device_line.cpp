// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/device_line.hpp"

namespace usbproxy {
namespace {

const char* word_for(Speed speed) {
  switch (speed) {
    case Speed::low:
      return "1.5";
    case Speed::full:
      return "12";
    case Speed::high:
      return "480";
    case Speed::super:
      return "5000";
  }
  return "";
}

}  // namespace

std::string device_line(std::uint32_t devid, Speed speed) {
  return std::to_string(devid) + ' ' + word_for(speed) + '\n';
}

}  // namespace usbproxy
