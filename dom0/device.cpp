// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/device.hpp"

#include <algorithm>
#include <array>

#include "base/device/properties.hpp"
#include "base/wire/ascii.hpp"

namespace dom0 {
namespace {

constexpr std::string_view unknown_interface = "?******";

std::string hex(std::uint32_t value, std::size_t digits) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  std::string out(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 4U) out[i] = alphabet[value & 0xfU];
  return out;
}

std::string identity_serial(std::string_view untrusted) {
  std::string serial = base::device::sanitise_text(untrusted);
  if (serial.size() > max_identity_serial) serial.resize(max_identity_serial);
  std::ranges::replace_if(
      serial, [](char c) { return !base::wire::is_name_character(c); }, '_');
  return serial;
}

std::string usb_device_id(const sysusb::DeviceRecord& record) {
  std::string id = hex(record.vendor_id, 4) + ":" + hex(record.product_id, 4) + ":" +
                   identity_serial(record.serial) + ":";
  if (record.interfaces.empty()) return id + std::string(unknown_interface);
  for (const sysusb::Interface& each : record.interfaces) id += interface_code(each);
  return id;
}

// "1.0" of "2-1.4:1.0".
std::string_view interface_number(std::string_view usb_interface) {
  const std::size_t colon = usb_interface.find(':');
  return colon == std::string_view::npos ? std::string_view{} : usb_interface.substr(colon + 1);
}

std::string block_device_id(const sysusb::BlockRecord& record, const std::string& usb_id) {
  std::string id =
      usb_id.empty()
          ? "0000:0000:" + identity_serial(record.serial) + ":" + std::string(block_interface)
          : usb_id + ":" + std::string(interface_number(record.usb_interface));
  if (record.partition != 0) id += ":" + std::to_string(record.partition);
  return id;
}

// The whole disk that a block device is, or is a part of.
const std::string& disk_of(const sysusb::BlockRecord& record) {
  return record.parent.empty() ? record.port_id : record.parent;
}

}  // namespace

const DeviceClass* find_class(std::string_view name) {
  const auto* const found = std::ranges::find(device_classes, name, &DeviceClass::name);
  return found == device_classes.end() ? nullptr : *found;
}

const DeviceClass* class_of_service(std::string_view service_with_argument) {
  const auto* const found = std::ranges::find(
      device_classes, service_with_argument.substr(0, service_with_argument.find('+')),
      &DeviceClass::service);
  return found == device_classes.end() ? nullptr : *found;
}

const DeviceClass& Device::device_class() const { return block() ? block_class : usb_class; }

const std::string& Device::port_id() const { return sysusb::port_id_of(record_); }

std::string Device::usb_port() const {
  if (const auto* disk = block())
    return disk->usb_interface.substr(0, disk->usb_interface.find(':'));
  return port_id();
}

Device::Parent Device::parent() const {
  const auto* disk = block();
  if (disk == nullptr) return {};
  if (!disk->parent.empty()) return {disk->parent, &block_class};
  return {usb_port(), &usb_class};
}

std::string interface_code(const sysusb::Interface& interface) {
  return "u" + hex(interface.interface_class, 2) + hex(interface.subclass, 2) +
         hex(interface.protocol, 2);
}

std::vector<std::string> interface_codes(const Device& device) {
  if (device.block() != nullptr) return {std::string(block_interface)};
  std::vector<std::string> codes;
  for (const auto& each : device.usb()->interfaces) codes.push_back(interface_code(each));
  return codes;
}

std::string device_id(const Device& device) {
  if (const auto* block = device.block()) return block_device_id(*block, device.usb_id());
  return usb_device_id(*device.usb());
}

bool share_hardware(const Device& one, const Device& other) {
  if (one.port_id() == other.port_id()) return true;
  const auto* block = one.block();
  const auto* other_block = other.block();
  if (block == nullptr && other_block == nullptr) return false;
  if (block == nullptr || other_block == nullptr) {
    const std::string port = one.usb_port();
    return !port.empty() && port == other.usb_port();
  }
  // Two partitions of one disk are two things.
  const bool both_parts = !block->parent.empty() && !other_block->parent.empty();
  return !both_parts && disk_of(*block) == disk_of(*other_block);
}

}  // namespace dom0
