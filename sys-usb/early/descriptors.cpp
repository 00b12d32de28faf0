// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/descriptors.hpp"

#include <optional>
#include <utility>

namespace sysusb::early {
namespace {

using Error = std::optional<DescriptorError>;

// USB 2.0, table 9-5; USB 3.2, table 9-6; HID 1.11, 7.1.
constexpr std::uint8_t type_device = 1;
constexpr std::uint8_t type_configuration = 2;
constexpr std::uint8_t type_interface = 4;
constexpr std::uint8_t type_endpoint = 5;
constexpr std::uint8_t type_hid = 0x21;
constexpr std::uint8_t type_companion = 0x30;  // of an endpoint of a SuperSpeed hub

constexpr std::uint8_t device_size = 18;
constexpr std::uint8_t configuration_size = 9;
constexpr std::size_t header_size = 2;  // bLength and bDescriptorType

constexpr std::uint8_t transfer_type = 3;  // these bits of bmAttributes; 3 itself: interrupt

// What follows the header of a configuration, one descriptor after the other.
class Configuration {
 public:
  explicit Configuration(std::vector<DescribedInterface>& interfaces) : interfaces_(interfaces) {}

  Error take(std::uint8_t type, base::wire::Bytes body) {
    if (type == type_interface) return take_interface(body);
    if (interfaces_.empty()) return DescriptorError::unexpected_descriptor;
    const std::uint8_t before = std::exchange(last_, type);
    switch (type) {
      case type_endpoint:
        return take_endpoint(body);
      case type_hid:
        return take_hid(body);
      case type_companion:
        if (before != type_endpoint) return DescriptorError::unexpected_descriptor;
        if (body.size() != 4) return DescriptorError::wrong_length;
        return std::nullopt;
      default:  // the device's own number, not an enum of ours
        return DescriptorError::unexpected_descriptor;
    }
  }

  Error end(unsigned said_interfaces) const {
    if (interfaces_.empty() || interfaces_.back().number + 1U != said_interfaces) {
      return DescriptorError::wrong_interface_count;
    }
    return end_of_interface();
  }

 private:
  Error take_interface(base::wire::Bytes body) {
    if (body.size() != 7) return DescriptorError::wrong_length;
    if (auto error = end_of_interface()) return error;
    if (interfaces_.size() == max_described) return DescriptorError::too_many_interfaces;
    base::wire::Reader in(body);
    DescribedInterface next{.number = in.u8(), .alternate = in.u8()};
    said_endpoints_ = in.u8();
    next.interface_class = in.u8();
    next.subclass = in.u8();
    next.protocol = in.u8();
    if (!follows(next)) return DescriptorError::interfaces_out_of_order;
    interfaces_.push_back(next);
    last_ = type_interface;
    return std::nullopt;
  }

  // Each interface once, from 0 on, its alternate settings behind it from 0 on.
  bool follows(const DescribedInterface& next) const {
    if (interfaces_.empty()) return next.number == 0 && next.alternate == 0;
    const DescribedInterface& last = interfaces_.back();
    if (next.number == last.number) return next.alternate == last.alternate + 1;
    return next.number == last.number + 1 && next.alternate == 0;
  }

  Error take_endpoint(base::wire::Bytes body) {
    if (body.size() != 5) return DescriptorError::wrong_length;
    base::wire::Reader in(body);
    in.u8();  // bEndpointAddress
    const bool interrupt = (in.u8() & transfer_type) == transfer_type;
    DescribedInterface& interface = interfaces_.back();
    ++(interrupt ? interface.interrupt_endpoints : interface.other_endpoints);
    return std::nullopt;
  }

  // bcdHID, bCountryCode, bNumDescriptors, then 3 bytes for each of these.
  Error take_hid(base::wire::Bytes body) {
    base::wire::Reader in(body);
    in.take(3);
    const std::size_t reports = in.u8();
    if (!in.ok() || reports == 0 || in.rest().size() != 3 * reports) {
      return DescriptorError::wrong_length;
    }
    ++interfaces_.back().hid_descriptors;
    return std::nullopt;
  }

  Error end_of_interface() const {
    if (interfaces_.empty()) return std::nullopt;
    const DescribedInterface& last = interfaces_.back();
    if (last.interrupt_endpoints + last.other_endpoints == said_endpoints_) return std::nullopt;
    return DescriptorError::wrong_endpoint_count;
  }

  std::vector<DescribedInterface>& interfaces_;
  unsigned said_endpoints_ = 0;  // by the last interface
  std::uint8_t last_ = 0;        // type of the descriptor before
};

Error parse_device(base::wire::Reader& in, DescribedDevice& device) {
  const std::uint8_t length = in.u8();
  const std::uint8_t type = in.u8();
  in.u16();  // bcdUSB
  device.device_class = in.u8();
  in.take(3);  // bDeviceSubClass, bDeviceProtocol, bMaxPacketSize0
  device.vendor = in.u16();
  device.product = in.u16();
  in.take(5);  // bcdDevice and the numbers of three strings
  const std::uint8_t configurations = in.u8();
  if (!in.ok()) return DescriptorError::truncated;
  if (length != device_size || type != type_device) return DescriptorError::no_device;
  if (configurations == 0) return DescriptorError::no_configuration;
  if (configurations != 1) return DescriptorError::several_configurations;
  return std::nullopt;
}

Error parse_configuration(base::wire::Reader& in, DescribedDevice& device) {
  const std::size_t whole = in.rest().size();
  const std::uint8_t length = in.u8();
  const std::uint8_t type = in.u8();
  const std::uint16_t total = in.u16();
  const std::uint8_t interfaces = in.u8();
  in.take(4);  // bConfigurationValue, iConfiguration, bmAttributes, bMaxPower
  if (!in.ok()) return DescriptorError::truncated;
  if (length != configuration_size || type != type_configuration) {
    return DescriptorError::no_configuration;
  }
  if (total > whole) return DescriptorError::truncated;
  if (total != whole) return DescriptorError::wrong_total_length;
  Configuration configuration(device.interfaces);
  while (!in.done()) {  // each round takes at least the header
    const std::size_t size = in.u8();
    const std::uint8_t kind = in.u8();
    if (in.ok() && size < header_size) return DescriptorError::wrong_length;
    const base::wire::Bytes body = in.take(in.ok() ? size - header_size : 0);
    if (!in.ok()) return DescriptorError::truncated;
    if (auto error = configuration.take(kind, body)) return error;
  }
  return configuration.end(interfaces);
}

}  // namespace

const char* describe(DescriptorError error) {
  switch (error) {
    case DescriptorError::too_long:
      return "its descriptors are longer than those of any keyboard";
    case DescriptorError::truncated:
      return "its descriptors end too early";
    case DescriptorError::no_device:
      return "its device descriptor is none";
    case DescriptorError::several_configurations:
      return "it has several configurations";
    case DescriptorError::no_configuration:
      return "it has no configuration";
    case DescriptorError::wrong_total_length:
      return "its configuration's total length is wrong";
    case DescriptorError::wrong_length:
      return "a descriptor's length is wrong";
    case DescriptorError::unexpected_descriptor:
      return "it has a descriptor that neither keyboards nor hubs have";
    case DescriptorError::interfaces_out_of_order:
      return "its interfaces are out of order";
    case DescriptorError::too_many_interfaces:
      return "it has too many interfaces";
    case DescriptorError::wrong_interface_count:
      return "its number of interfaces is wrong";
    case DescriptorError::wrong_endpoint_count:
      return "an interface's number of endpoints is wrong";
  }
  return "";
}

base::Result<DescribedDevice, DescriptorError> parse_descriptors(base::wire::Bytes untrusted) {
  if (untrusted.size() > max_descriptors) return base::Unexpected{DescriptorError::too_long};
  base::wire::Reader in(untrusted);
  DescribedDevice device;
  if (const auto error = parse_device(in, device)) return base::Unexpected{*error};
  if (const auto error = parse_configuration(in, device)) return base::Unexpected{*error};
  return device;
}

}  // namespace sysusb::early
