// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/configuration_parser.hpp"

#include <algorithm>
#include <utility>

#include "usbproxy/firewall/class_descriptors.hpp"
#include "usbproxy/firewall/endpoint_rules.hpp"

namespace usbproxy::firewall {
namespace {

constexpr std::size_t interface_size = 9;
constexpr std::size_t association_size = 8;

Block configuration_block(std::size_t index) {
  return Block("configuration " + std::to_string(index + 1));
}

std::string subject_of(const DescribedInterface& interface, const Alternate& alternate) {
  return "interface " + std::to_string(interface.number) + " alternate " +
         std::to_string(alternate.number);
}

}  // namespace

Checked<std::uint16_t> total_length(base::wire::Bytes untrusted, std::size_t index) {
  const Block block = configuration_block(index);
  const Descriptor in{.offset = 0, .bytes = untrusted};
  if (in.size() < configuration_header_size || in.u8(0) != configuration_header_size) {
    return block.broken(0, "",
                        "bLength " + std::to_string(in.u8(0)) + " of " + std::to_string(in.size()) +
                            " bytes; a configuration descriptor has 9 (USB 2.0, 9.6.3)");
  }
  if (in.type() != descriptor_type::configuration) {
    return block.broken(1, "", "bDescriptorType " + hex_byte(in.type()) + " is not 0x02");
  }
  const std::uint16_t total = in.u16(2);
  if (total < configuration_header_size || total > max_configuration_size) {
    return block.broken(2, "",
                        "wTotalLength " + std::to_string(total) + " is not 9 to " +
                            std::to_string(max_configuration_size));
  }
  return total;
}

ConfigurationParser::ConfigurationParser(std::size_t index, Speed speed)
    : block_(configuration_block(index)), speed_(speed) {}

Violation ConfigurationParser::violation(std::size_t offset, std::string subject,
                                         std::string rule) const {
  return block_.broken(offset, std::move(subject), std::move(rule)).value;
}

Checked<Configuration> ConfigurationParser::parse(base::wire::Bytes untrusted) {
  base::wire::Bytes rest = untrusted;
  bool first = true;
  while (first || !rest.empty()) {  // each round takes two bytes at least
    const auto in = block_.take(rest, untrusted);
    if (!in) return base::Unexpected{in.error()};
    auto wrong = first ? take_header(*in, untrusted.size()) : take(*in);
    if (wrong) return base::Unexpected{std::move(*wrong)};
    first = false;
  }
  if (auto wrong = end_alternate()) return base::Unexpected{std::move(*wrong)};
  if (auto wrong = check_whole()) return base::Unexpected{std::move(*wrong)};
  if (auto right = check_references(block_, configuration_); !right) {
    return base::Unexpected{right.error()};
  }
  alternate_ = nullptr;
  endpoint_ = nullptr;
  return std::move(configuration_);
}

ConfigurationParser::Step ConfigurationParser::take_header(const Descriptor& in, std::size_t size) {
  if (in.size() != configuration_header_size || in.type() != descriptor_type::configuration) {
    return violation(0, "", "no configuration descriptor of 9 bytes comes first (USB 2.0, 9.6.3)");
  }
  if (in.u16(2) != size) {
    return violation(2, "",
                     "wTotalLength " + std::to_string(in.u16(2)) + ", but " + std::to_string(size) +
                         " bytes came");
  }
  said_interfaces_ = in.u8(4);
  configuration_.value = in.u8(5);
  configuration_.name_string = in.u8(6);
  configuration_.attributes = in.u8(7);
  configuration_.max_power = in.u8(8);
  if (said_interfaces_ == 0 || said_interfaces_ > max_device_interfaces) {
    return violation(4, "",
                     "bNumInterfaces " + std::to_string(said_interfaces_) + " is not 1 to " +
                         std::to_string(max_device_interfaces));
  }
  // Zero means "not configured" (USB 2.0, 9.4.7).
  if (configuration_.value == 0) return violation(5, "", "bConfigurationValue is 0");
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::take(const Descriptor& in) {
  const std::uint8_t type = in.type();
  Step wrong;
  switch (type) {
    case descriptor_type::interface:
      wrong = take_interface(in);
      break;
    case descriptor_type::endpoint:
      wrong = take_endpoint(in);
      break;
    case descriptor_type::companion:
      wrong = take_companion(in);
      break;
    case descriptor_type::iso_companion:
      wrong = take_iso_companion(in);
      break;
    case descriptor_type::association:
      wrong = take_association(in);
      break;
    case descriptor_type::device:
    case descriptor_type::configuration:
    case descriptor_type::string:
    case descriptor_type::device_qualifier:
    case descriptor_type::other_speed:
    case descriptor_type::bos:
      wrong =
          violation(in.offset, "",
                    "descriptor type " + hex_byte(type) + " does not belong into a configuration");
      break;
    default:  // the device's own number: class-specific, or unknown
      wrong = take_class_specific(in);
      break;
  }
  last_type_ = type;
  return wrong;
}

ConfigurationParser::Step ConfigurationParser::take_interface(const Descriptor& in) {
  if (auto wrong = end_alternate()) return wrong;
  const std::string subject =
      "interface " + std::to_string(in.u8(2)) + " alternate " + std::to_string(in.u8(3));
  if (in.size() != interface_size) {
    return violation(in.offset, subject,
                     "bLength " + std::to_string(in.size()) + " is not 9 (USB 2.0, 9.6.5)");
  }
  const std::uint8_t number = in.u8(2);
  Alternate next{.number = in.u8(3),
                 .kind = {.code = in.u8(5), .subclass = in.u8(6), .protocol = in.u8(7)},
                 .name_string = in.u8(8)};
  // Numbers may have gaps, as those of devices have that leave out a function: Linux notes it and
  // goes by the numbers (drivers/usb/core/config.c). Here they are places in a table.
  if (number >= max_device_interfaces) {
    return violation(in.offset + 2, subject,
                     "bInterfaceNumber is not below " + std::to_string(max_device_interfaces));
  }
  auto& all = configuration_.interfaces;
  const bool same = !all.empty() && all.back().number == number;
  if (!same && configuration_.interface(number) != nullptr) {
    return violation(in.offset + 2, subject, "its alternate settings do not stand together");
  }
  // usbredir's host takes the number for an index: a gap makes it read beyond its memory.
  const std::size_t expected = same ? all.back().alternates.size() : 0;
  if (next.number != expected || expected >= max_alternates) {
    return violation(in.offset + 3, subject,
                     "bAlternateSetting is not " + std::to_string(expected) + ", the next one");
  }
  if (next.kind.code == 0) {
    return violation(in.offset + 5, subject, "bInterfaceClass 0x00 is reserved (USB 2.0, 9.6.5)");
  }
  if (next.kind.code == class_code::hub) {
    return violation(in.offset + 5, subject, "bInterfaceClass 0x09 is a hub's");
  }
  if (!same) all.push_back({.number = number, .alternates = {}});
  alternate_ = &all.back().alternates.emplace_back(std::move(next));
  alternate_offset_ = in.offset;
  said_endpoints_ = in.u8(4);
  class_descriptors_ = 0;
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::take_endpoint(const Descriptor& in) {
  if (auto wrong = end_endpoint()) return wrong;
  if (alternate_ == nullptr) {
    return violation(in.offset, "endpoint", "it stands before the first interface");
  }
  auto endpoint = parse_endpoint(block_, in, speed_, alternate_->kind);
  if (!endpoint) return endpoint.error();
  for (const DescribedEndpoint& other : alternate_->endpoints) {
    if (other.address != endpoint->address) continue;
    return violation(in.offset + 2, subject_of(*endpoint), "its setting has the address already");
  }
  if (alternate_->endpoints.size() >= said_endpoints_) {
    return violation(in.offset, subject_of(*endpoint),
                     "more endpoints than bNumEndpoints " + std::to_string(said_endpoints_));
  }
  endpoint_ = &alternate_->endpoints.emplace_back(std::move(*endpoint));
  endpoint_offset_ = in.offset;
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::take_companion(const Descriptor& in) {
  if (endpoint_ == nullptr || last_type_ != descriptor_type::endpoint || speed_ != Speed::super) {
    return violation(in.offset, "companion",
                     "it does not follow a SuperSpeed endpoint (USB 3.2, 9.6.7)");
  }
  const auto companion = parse_companion(block_, in, *endpoint_);
  if (!companion) return companion.error();
  endpoint_->companion = *companion;
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::take_iso_companion(const Descriptor& in) {
  if (endpoint_ == nullptr || last_type_ != descriptor_type::companion) {
    return violation(in.offset, "second companion",
                     "it does not follow a companion (USB 3.2, 9.6.8)");
  }
  const auto bytes = parse_iso_companion(block_, in, *endpoint_);
  if (!bytes) return bytes.error();
  endpoint_->companion->iso_bytes_per_interval = *bytes;
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::take_association(const Descriptor& in) {
  if (auto wrong = end_alternate()) return wrong;
  alternate_ = nullptr;  // what follows belongs to no interface
  const Association next{.first = in.u8(2),
                         .count = in.u8(3),
                         .kind = {.code = in.u8(4), .subclass = in.u8(5), .protocol = in.u8(6)},
                         .name_string = in.u8(7)};
  const auto broken = [&](std::string rule) {
    return violation(in.offset, "interface association", std::move(rule));
  };
  if (in.size() != association_size) {
    return broken("bLength " + std::to_string(in.size()) + " is not 8 (USB 3.2, 9.6.4)");
  }
  if (next.count == 0 || next.first + next.count > max_device_interfaces) {
    return broken("interfaces " + std::to_string(next.first) + " and " +
                  std::to_string(next.count) + " in all do not exist");
  }
  if (configuration_.associations.size() >= max_associations) {
    return broken("more than " + std::to_string(max_associations) + " of them");
  }
  for (const Association& other : configuration_.associations) {
    const bool apart =
        next.first >= other.first + other.count || other.first >= next.first + next.count;
    if (!apart) return broken("it shares an interface with another one (USB 3.2, 9.6.4)");
  }
  configuration_.associations.push_back(next);
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::take_class_specific(const Descriptor& in) {
  if (alternate_ == nullptr) {  // OTG, debug and the like: nothing that a target needs
    ++configuration_.dropped;
    return std::nullopt;
  }
  const auto position = endpoint_ == nullptr ? Position::interface : Position::endpoint;
  auto kept = parse_class_descriptor(block_, in, alternate_->kind, position);
  if (!kept) return kept.error();
  if (!*kept) {
    ++configuration_.dropped;
    return std::nullopt;
  }
  if (++class_descriptors_ > max_class_descriptors) {
    return violation(in.offset, "class-specific descriptor",
                     "more than " + std::to_string(max_class_descriptors) + " in one setting");
  }
  auto& where = endpoint_ == nullptr ? alternate_->class_descriptors : endpoint_->class_descriptors;
  where.push_back(std::move(**kept));
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::end_endpoint() {
  const DescribedEndpoint* ended = std::exchange(endpoint_, nullptr);
  if (ended == nullptr || speed_ != Speed::super) return std::nullopt;
  if (!ended->companion) {
    return violation(endpoint_offset_, subject_of(*ended),
                     "no companion follows it (USB 3.2, 9.6.7)");
  }
  const bool announced = (ended->companion->attributes & 0x80U) != 0;
  if (ended->type() == transfer_type::isochronous && announced &&
      !ended->companion->iso_bytes_per_interval) {
    return violation(endpoint_offset_, subject_of(*ended),
                     "the second companion that was announced is missing (USB 3.2, 9.6.8)");
  }
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::end_alternate() {
  if (auto wrong = end_endpoint()) return wrong;
  if (alternate_ == nullptr) return std::nullopt;
  const std::string subject = subject_of(configuration_.interfaces.back(), *alternate_);
  if (alternate_->endpoints.size() != said_endpoints_) {
    return violation(alternate_offset_ + 4, subject,
                     "bNumEndpoints " + std::to_string(said_endpoints_) + ", but " +
                         std::to_string(alternate_->endpoints.size()) + " follow");
  }
  const auto right = check_alternate(block_, alternate_offset_, *alternate_);
  if (!right) return right.error();
  return std::nullopt;
}

// An address belongs to one interface; its alternate settings may have it in turn.
ConfigurationParser::Step ConfigurationParser::check_endpoints() const {
  std::array<std::optional<std::uint8_t>, 256> owner{};
  for (const DescribedInterface& interface : configuration_.interfaces) {
    for (const Alternate& alternate : interface.alternates) {
      for (const DescribedEndpoint& endpoint : alternate.endpoints) {
        auto& known = owner[endpoint.address];
        if (known && *known != interface.number) {
          return violation(0, subject_of(endpoint),
                           "interfaces " + std::to_string(*known) + " and " +
                               std::to_string(interface.number) + " share it (USB 2.0, 9.6.6)");
        }
        known = interface.number;
      }
    }
  }
  return std::nullopt;
}

ConfigurationParser::Step ConfigurationParser::check_whole() {
  if (configuration_.interfaces.size() != said_interfaces_) {
    return violation(4, "",
                     "bNumInterfaces " + std::to_string(said_interfaces_) + ", but " +
                         std::to_string(configuration_.interfaces.size()) + " follow");
  }
  for (const Association& one : configuration_.associations) {
    for (unsigned number = one.first; number < unsigned{one.first} + one.count; ++number) {
      if (configuration_.interface(static_cast<std::uint8_t>(number)) != nullptr) continue;
      return violation(0, "interface association",
                       "interfaces " + std::to_string(one.first) + " and " +
                           std::to_string(one.count) + " in all do not exist");
    }
  }
  return check_endpoints();
}

Checked<base::Ok> add_configuration(Device& device, Configuration configuration,
                                    std::size_t index) {
  if (device.configuration(configuration.value) != nullptr) {
    return configuration_block(index).broken(5, "",
                                             "bConfigurationValue " +
                                                 std::to_string(configuration.value) +
                                                 " is that of another configuration");
  }
  device.configurations.push_back(std::move(configuration));
  return base::Ok{};
}

}  // namespace usbproxy::firewall
