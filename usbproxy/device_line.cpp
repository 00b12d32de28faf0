// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/device_line.hpp"

#include <charconv>

#include "base/wire/escape.hpp"

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

std::optional<Speed> speed_for(std::string_view untrusted) {
  for (const Speed speed : {Speed::low, Speed::full, Speed::high, Speed::super}) {
    if (untrusted == word_for(speed)) return speed;
  }
  if (untrusted == "10000" || untrusted == "20000") return Speed::super;
  return std::nullopt;
}

}  // namespace

std::string device_line(std::uint32_t devid, Speed speed) {
  return std::to_string(devid) + ' ' + word_for(speed) + '\n';
}

std::optional<std::uint32_t> parse_devid(std::string_view text) {
  std::uint32_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

base::Result<DeviceLine> DeviceLine::parse(std::string_view untrusted) {
  const auto wrong = [untrusted] {
    return base::fail("'" + base::wire::escape(untrusted, max_device_line) +
                      "' is not 'DEVID SPEED' of Qubes' qubes.USB");
  };
  const std::size_t blank = untrusted.find(' ');
  if (blank == std::string_view::npos || untrusted.size() >= max_device_line) return wrong();
  const std::string_view rest = untrusted.substr(blank + 1);
  const auto devid = parse_devid(untrusted.substr(0, blank));
  const auto speed = speed_for(rest.substr(0, rest.find(' ')));
  if (!devid || !speed) return wrong();
  return DeviceLine{.devid = *devid, .speed = *speed};
}

}  // namespace usbproxy
