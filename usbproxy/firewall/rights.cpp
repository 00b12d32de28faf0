// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/rights.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/wire/escape.hpp"
#include "usbproxy/firewall/class_descriptors.hpp"
#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {
namespace {

base::Unexpected<base::Error> wrong_value(std::string_view key, std::string_view value,
                                          std::string_view allowed) {
  return base::fail("option " + std::string(key) + " is '" + base::wire::escape(value) +
                    "', but can be only " + std::string(allowed));
}

bool has_endpoints(const DescribedInterface& interface) {
  return std::any_of(interface.alternates.begin(), interface.alternates.end(),
                     [](const Alternate& one) { return !one.endpoints.empty(); });
}

// Drivers ask such an interface for endpoints without looking (reference: the public Cinch
// exploits).
bool is_empty_vendors(const DescribedInterface& interface) {
  return interface.alternates.front().kind.code == class_code::vendor && !has_endpoints(interface);
}

bool is_chosen(const DescribedInterface& interface, const base::device::InterfaceChoice& choice) {
  return std::all_of(
      interface.alternates.begin(), interface.alternates.end(), [&](const Alternate& one) {
        return choice.has(
            interface.number,
            base::device::usb_interface_code(one.kind.code, one.kind.subclass, one.kind.protocol));
      });
}

// What is given of an interface; without alternates: nothing.
DescribedInterface given_interface(const DescribedInterface& whole, const Rights& rights) {
  DescribedInterface given{.number = whole.number, .alternates = {}};
  if (is_empty_vendors(whole) && rights.control.vendor != ControlRules::Vendor::allow) return given;
  if (!rights.read_only()) {
    if (is_chosen(whole, rights.interfaces)) given.alternates = whole.alternates;
    return given;
  }
  // Those behind the first other one could not be reached by their numbers.
  const auto end = std::find_if_not(whole.alternates.begin(), whole.alternates.end(),
                                    [](const Alternate& one) { return is_bulk_only_storage(one); });
  given.alternates.assign(whole.alternates.begin(), end);
  if (!given.alternates.empty() && !is_chosen(given, rights.interfaces)) given.alternates.clear();
  return given;
}

Configuration given_configuration(const Configuration& whole, const Rights& rights) {
  Configuration given = whole;
  given.interfaces.clear();
  for (const DescribedInterface& interface : whole.interfaces) {
    DescribedInterface part = given_interface(interface, rights);
    if (!part.alternates.empty()) given.interfaces.push_back(std::move(part));
  }
  std::erase_if(given.associations, [&given](const Association& one) {
    for (std::size_t i = 0; i < one.count; ++i) {
      const std::size_t number = one.first + i;
      if (number > 0xff || given.interface(static_cast<std::uint8_t>(number)) == nullptr) {
        return true;
      }
    }
    return false;
  });
  return given;
}

std::string why_nothing(const Device& whole, const Rights& rights) {
  if (rights.read_only()) {
    return "read-only=yes gives bulk-only mass storage alone, which it does not have" +
           std::string(rights.interfaces.is_every() ? "" : " among the chosen interfaces");
  }
  if (!rights.interfaces.is_every()) {
    return "it has no interface that interfaces=" + rights.interfaces.text() + " chooses";
  }
  const DescribedInterface& first = whole.configurations.front().interfaces.front();
  return "interface " + std::to_string(first.number) +
         ": a vendor-specific interface without any endpoint is not attached";
}

}  // namespace

base::Status Rights::set(std::string_view key, std::string_view value) {
  if (key == "read-only") {
    if (value != "yes" && value != "no") return wrong_value(key, value, "yes or no");
    storage = value == "yes" ? Storage::read_only : Storage::as_the_device;
  } else if (key == "interfaces") {
    auto choice = base::device::InterfaceChoice::parse(value);
    if (!choice) return base::fail("option " + choice.error().text);
    interfaces = *std::move(choice);
  } else if (key == "vendor-requests") {
    if (value != "yes" && value != "no") return wrong_value(key, value, "yes or no");
    control.vendor = value == "yes" ? ControlRules::Vendor::allow : ControlRules::Vendor::refuse;
  } else if (key == "firmware") {
    if (value != "yes" && value != "no") return wrong_value(key, value, "yes or no");
    control.firmware =
        value == "yes" ? ControlRules::Firmware::allow : ControlRules::Firmware::refuse;
  } else if (key == "auto-typing") {
    if (value != "yes" && value != "no") return wrong_value(key, value, "yes or no");
    typing = value == "yes" ? Typing::of_any : Typing::of_people;
  } else {
    return base::fail("option '" + base::wire::escape(key) + "' is not known here");
  }
  const bool loosened = control.vendor == ControlRules::Vendor::allow ||
                        control.firmware == ControlRules::Firmware::allow;
  if (read_only() && loosened) {
    return base::fail("read-only=yes goes with neither vendor-requests=yes nor firmware=yes");
  }
  return base::Ok{};
}

base::Result<Rights> Rights::parse(std::string_view words) {
  Rights rights;
  std::vector<std::string_view> seen;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      return base::fail("option '" + base::wire::escape(word) + "' is not KEY=VALUE");
    }
    const std::string_view key = word.substr(0, equals);
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      return base::fail("option '" + base::wire::escape(key) + "' is there twice");
    }
    seen.push_back(key);
    if (auto done = rights.set(key, word.substr(equals + 1)); !done) {
      return base::Unexpected{done.error()};
    }
  }
  return rights;
}

ControlRules Rights::control_rules() const {
  if (!read_only()) return control;
  return {.vendor = ControlRules::Vendor::refuse, .firmware = ControlRules::Firmware::refuse};
}

bool is_bulk_only_storage(const Alternate& alternate) {
  constexpr std::uint8_t bulk_only = 0x50;
  // MMC (CD and DVD), SFF-8070i and transparent SCSI: their commands mean the same.
  constexpr std::uint8_t mmc = 0x02, sff_8070i = 0x05, scsi = 0x06;
  const InterfaceClass& kind = alternate.kind;
  const bool scsi_commands =
      kind.subclass == mmc || kind.subclass == sff_8070i || kind.subclass == scsi;
  if (kind.code != class_code::mass_storage || !scsi_commands || kind.protocol != bulk_only) {
    return false;
  }
  const auto& endpoints = alternate.endpoints;
  return endpoints.size() == 2 && endpoints[0].type() == transfer_type::bulk &&
         endpoints[1].type() == transfer_type::bulk &&
         ((endpoints[0].address ^ endpoints[1].address) & direction_in) != 0;
}

Checked<Device> given_part(const Device& whole, const Rights& rights) {
  Device given{.descriptor = whole.descriptor, .configurations = {}};
  for (std::size_t i = 0; i < whole.configurations.size(); ++i) {
    Configuration part = given_configuration(whole.configurations[i], rights);
    if (part.interfaces.empty()) continue;
    const Block block("given part of configuration " + std::to_string(i + 1));
    if (auto right = check_references(block, part); !right) {
      return base::Unexpected{right.error()};
    }
    given.configurations.push_back(std::move(part));
  }
  if (given.configurations.empty()) {
    return Block("device").broken(0, "", why_nothing(whole, rights));
  }
  given.descriptor.configurations = static_cast<std::uint8_t>(given.configurations.size());
  return given;
}

}  // namespace usbproxy::firewall
