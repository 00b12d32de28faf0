// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/device_terms.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/quote.hpp"

namespace policy {
namespace {

constexpr std::array term_keys{std::string_view("read-only"), std::string_view("interfaces"),
                               std::string_view("vendor-requests"), std::string_view("firmware"),
                               std::string_view("auto-typing")};

}  // namespace

bool DeviceTerms::knows(std::string_view key) {
  return std::find(term_keys.begin(), term_keys.end(), key) != term_keys.end();
}

base::Status DeviceTerms::set(std::string_view key, std::string_view value) {
  if (key == "read-only") {
    // A "no" would promise what only the device and who asks decide.
    if (value != "yes") return wrong_value(key, value, "yes");
    read_only = true;
  } else if (key == "interfaces") {
    auto choice = base::device::InterfaceChoice::parse(value);
    if (!choice) {
      return wrong_value(key, value,
                         "numbers (0 to 15), interface codes (u08****) and categories "
                         "(USB_Storage), joined by commas");
    }
    interfaces = *std::move(choice);
  } else {
    if (value != "yes" && value != "no") return wrong_value(key, value, "yes or no");
    Word& word = key == "firmware"      ? firmware
                 : key == "auto-typing" ? auto_typing
                                        : vendor_requests;
    word = value == "yes" ? Word::yes : Word::no;
  }
  written += " " + std::string(key) + "=" + std::string(value);
  return base::Ok{};
}

}  // namespace policy
