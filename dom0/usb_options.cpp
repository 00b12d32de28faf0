// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/usb_options.hpp"

#include <algorithm>
#include <array>

#include "base/device/interface_choice.hpp"
#include "base/wire/escape.hpp"

namespace dom0 {
namespace {

using base::device::find_property;
using base::device::InterfaceChoice;
using base::device::Properties;
using Word = policy::DeviceTerms::Word;

constexpr std::string_view read_only_key = "read-only";
constexpr std::string_view interfaces_key = "interfaces";
constexpr std::string_view vendor_requests_key = "vendor-requests";
constexpr std::string_view firmware_key = "firmware";
constexpr std::string_view auto_typing_key = "auto-typing";

bool is(const Properties& options, std::string_view key, std::string_view value) {
  const std::string* found = find_property(options, key);
  return found != nullptr && *found == value;
}

void take_out(Properties& options, std::string_view key) {
  std::erase_if(options, [key](const auto& each) { return each.key == key; });
}

void put(Properties& options, std::string_view key, std::string value) {
  const auto found = std::ranges::find(options, key, &base::device::Property::key);
  if (found == options.end()) {
    options.push_back({std::string(key), std::move(value)});
  } else {
    found->value = std::move(value);
  }
}

// Qubes' spellings of yes and no, as for block devices; empty: neither.
std::string yes_or_no(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view yes : {"1", "yes", "true", "on"}) {
    if (lower == yes) return "yes";
  }
  for (const std::string_view no : {"0", "no", "false", "off"}) {
    if (lower == no) return "no";
  }
  return {};
}

base::Status loosened_and_read_only(const Properties& options) {
  if (!is(options, read_only_key, "yes")) return base::Ok{};
  for (const std::string_view key : {vendor_requests_key, firmware_key}) {
    if (is(options, key, "yes")) {
      return base::fail("read-only=yes and " + std::string(key) + "=yes exclude each other");
    }
  }
  return base::Ok{};
}

base::Status narrow_interfaces(Properties& options, const policy::DeviceTerms& terms,
                               const std::string& rule) {
  if (terms.interfaces.is_every()) return base::Ok{};
  const std::string* asked = find_property(options, interfaces_key);
  if (asked == nullptr) {
    put(options, interfaces_key, terms.interfaces.text());
    return base::Ok{};
  }
  const auto choice = InterfaceChoice::parse(*asked);
  if (choice && choice->within(terms.interfaces)) return base::Ok{};
  return base::fail("the rule at " + rule + " gives only interfaces=" + terms.interfaces.text() +
                    ", not interfaces=" + *asked);
}

base::Status settle_word(Properties& options, std::string_view key, Word word,
                         const std::string& rule, Consent consent) {
  const bool asked = is(options, key, "yes");
  switch (word) {
    case Word::yes:
      if (find_property(options, key) == nullptr && !is(options, read_only_key, "yes")) {
        put(options, key, "yes");
      }
      return base::Ok{};
    case Word::no:
      if (asked) {
        return base::fail("the rule at " + rule + " forbids " + std::string(key) + "=yes");
      }
      put(options, key, "no");
      return base::Ok{};
    case Word::silent:
      if (!asked || consent == Consent::of_person) return base::Ok{};
      return base::fail(std::string(key) +
                        "=yes needs a rule that says so, or one that asks; the "
                        "one at " +
                        rule + " does neither");
  }
  return base::Ok{};
}

}  // namespace

base::Result<Properties> check_usb_options(const Properties& given) {
  Properties options;
  for (const auto& [key, value] : given) {
    if (key == interfaces_key) {
      const auto choice = InterfaceChoice::parse(value);
      if (!choice) return base::fail("Invalid option: " + choice.error().text);
      options.push_back({key, choice->text()});
      continue;
    }
    if (key != read_only_key && key != vendor_requests_key && key != firmware_key &&
        key != auto_typing_key) {
      return base::fail("Unsupported option " + base::wire::escape(key) +
                        "; a USB device has read-only, interfaces, vendor-requests, firmware and "
                        "auto-typing");
    }
    const std::string word = yes_or_no(value);
    if (word.empty()) {
      return base::fail("Invalid " + key + " option value: " + base::wire::escape(value));
    }
    if (word == "yes" || key != read_only_key) options.push_back({key, word});
  }
  if (auto good = loosened_and_read_only(options); !good) return base::Unexpected{good.error()};
  return options;
}

base::Result<Properties> under_terms(const Properties& asked, const Device& device,
                                     const policy::DeviceTerms& terms, const std::string& rule,
                                     Consent consent) {
  Properties options = asked;
  if (terms.read_only) {
    if (is(options, "commit", "yes")) {
      return base::fail("the rule at " + rule +
                        " gives the device for reading only, and "
                        "commit=yes writes to it");
    }
    put(options, read_only_key, "yes");
  }
  if (device.usb() == nullptr) return options;
  if (auto done = narrow_interfaces(options, terms, rule); !done) {
    return base::Unexpected{done.error()};
  }
  for (const auto& [key, word] :
       {std::pair{vendor_requests_key, terms.vendor_requests},
        std::pair{firmware_key, terms.firmware}, std::pair{auto_typing_key, terms.auto_typing}}) {
    if (auto done = settle_word(options, key, word, rule, consent); !done) {
      return base::Unexpected{done.error()};
    }
  }
  for (const std::string_view key : {firmware_key, auto_typing_key}) {
    if (is(options, key, "no")) take_out(options, key);  // as usual
  }
  if (auto good = loosened_and_read_only(options); !good) {
    return base::fail(good.error().text + " (the rule is at " + rule + ")");
  }
  return options;
}

std::string access_text(const Properties& options) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (const std::string* only_reads = find_property(options, read_only_key)) {
    add(*only_reads == "yes" ? "read only" : "read and write");
  }
  if (const std::string* which = find_property(options, interfaces_key)) {
    add("only interfaces " + *which);
  }
  if (is(options, vendor_requests_key, "yes")) add("vendor requests allowed");
  if (is(options, vendor_requests_key, "no")) add("no vendor requests");
  if (is(options, firmware_key, "yes")) add("its firmware may be written");
  if (is(options, auto_typing_key, "yes")) add("it may type by itself");
  return text;
}

std::string usb_words(const Properties& options) {
  std::string words;
  for (const auto& [key, value] : options) words += (words.empty() ? "" : " ") + key + "=" + value;
  return words;
}

}  // namespace dom0
