// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/device/key_class.hpp"

#include <array>

namespace base::device {
namespace {

constexpr std::array<std::string_view, key_class_count> names{
    "sysrq", "power", "vt", "reboot", "console", "launch", "media", "radio"};

}  // namespace

std::string_view name_of(KeyClass key_class) {
  return names.at(static_cast<std::size_t>(key_class));
}

KeyClasses default_key_classes() {
  KeyClasses allowed;
  allowed.set();
  for (const KeyClass denied : {KeyClass::sysrq, KeyClass::power, KeyClass::vt, KeyClass::reboot}) {
    allowed.reset(static_cast<std::size_t>(denied));
  }
  return allowed;
}

Result<KeyClasses> parse_key_classes(std::string_view text) {
  KeyClasses allowed = default_key_classes();
  while (!text.empty()) {
    const char sign = text.front();
    text.remove_prefix(1);
    const std::string_view word = text.substr(0, text.find_first_of("+-"));
    text.remove_prefix(word.size());
    std::size_t found = 0;
    while (found < names.size() && names.at(found) != word) ++found;
    if ((sign != '+' && sign != '-') || found == names.size()) {
      return fail(
          "classes of keys, each behind + or -: sysrq, power, vt, reboot, console, launch, media, "
          "radio");
    }
    allowed[found] = sign == '+';
  }
  return allowed;
}

}  // namespace base::device
