// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/canonical.hpp"

#include <algorithm>

#include "base/wire/writer.hpp"
#include "usbproxy/firewall/configuration_parser.hpp"
#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/firewall/device_descriptor.hpp"

namespace usbproxy::firewall {
namespace {

using base::wire::Writer;

void write_kind(Writer& out, const InterfaceClass& kind) {
  out.u8(kind.code).u8(kind.subclass).u8(kind.protocol);
}

void write_companion(Writer& out, const Companion& companion) {
  out.u8(6).u8(descriptor_type::companion).u8(companion.max_burst).u8(companion.attributes);
  out.u16(companion.bytes_per_interval);
  if (!companion.iso_bytes_per_interval) return;
  out.u8(8).u8(descriptor_type::iso_companion).u16(0).u32(*companion.iso_bytes_per_interval);
}

void write_endpoint(Writer& out, const DescribedEndpoint& endpoint) {
  out.u8(endpoint.audio ? 9 : 7).u8(descriptor_type::endpoint);
  out.u8(endpoint.address).u8(endpoint.attributes).u16(endpoint.max_packet_size);
  out.u8(endpoint.interval);
  if (endpoint.audio) out.u8(endpoint.audio->refresh).u8(endpoint.audio->synch_address);
  if (endpoint.companion) write_companion(out, *endpoint.companion);
  for (const ClassDescriptor& one : endpoint.class_descriptors) out.bytes(one.bytes);
}

void write_alternate(Writer& out, std::uint8_t number, const Alternate& alternate) {
  out.u8(9).u8(descriptor_type::interface).u8(number).u8(alternate.number);
  out.u8(static_cast<std::uint8_t>(alternate.endpoints.size()));
  write_kind(out, alternate.kind);
  out.u8(alternate.name_string);
  for (const ClassDescriptor& one : alternate.class_descriptors) out.bytes(one.bytes);
  for (const DescribedEndpoint& endpoint : alternate.endpoints) write_endpoint(out, endpoint);
}

void write_association(Writer& out, const Association& association) {
  out.u8(8).u8(descriptor_type::association).u8(association.first).u8(association.count);
  write_kind(out, association.kind);
  out.u8(association.name_string);
}

}  // namespace

std::vector<std::byte> write_device(const DeviceDescriptor& device) {
  std::vector<std::byte> bytes;
  Writer out(bytes);
  out.u8(device_descriptor_size).u8(descriptor_type::device).u16(device.usb_version);
  write_kind(out, device.kind);
  out.u8(device.max_packet_size).u16(device.vendor_id).u16(device.product_id).u16(device.version);
  out.u8(device.manufacturer_string).u8(device.product_string).u8(device.serial_string);
  out.u8(device.configurations);
  return bytes;
}

std::vector<std::byte> write_configuration(const Configuration& configuration, Speed speed) {
  std::vector<std::byte> body;
  Writer out(body);
  for (const DescribedInterface& interface : configuration.interfaces) {
    for (const Association& association : configuration.associations) {
      if (association.first == interface.number) write_association(out, association);
    }
    for (const Alternate& alternate : interface.alternates) {
      write_alternate(out, interface.number, alternate);
    }
  }
  // Bit 7 is always set, bits 4..0 are zero; 500 or 900 mA at most (USB 2.0, 9.6.3;
  // USB 3.2, 9.6.3).
  const std::uint8_t most_power = speed == Speed::super ? 112 : 250;
  std::vector<std::byte> bytes;
  Writer(bytes)
      .u8(configuration_header_size)
      .u8(descriptor_type::configuration)
      .u16(static_cast<std::uint16_t>(configuration_header_size + body.size()))
      .u8(static_cast<std::uint8_t>(configuration.interfaces.size()))
      .u8(configuration.value)
      .u8(configuration.name_string)
      .u8(static_cast<std::uint8_t>(0x80U | (configuration.attributes & 0x60U)))
      .u8(std::min(configuration.max_power, most_power))
      .bytes(body);
  return bytes;
}

std::vector<std::byte> write_hid_descriptor(const Alternate& alternate) {
  std::vector<std::byte> bytes;
  if (alternate.kind.code != class_code::hid) return bytes;
  Writer out(bytes);
  const auto write_all = [&out](const std::vector<ClassDescriptor>& all) {
    for (const ClassDescriptor& one : all) out.bytes(one.bytes);
  };
  write_all(alternate.class_descriptors);  // one in all: see the class checks
  for (const DescribedEndpoint& endpoint : alternate.endpoints) {
    write_all(endpoint.class_descriptors);
  }
  return bytes;
}

}  // namespace usbproxy::firewall
