// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/device_descriptor.hpp"

#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {
namespace {

// Binary-coded decimal, 1.0 to 3.x: what the kernel derives from it is whether there is a BOS.
bool known_usb_version(std::uint16_t version) {
  const unsigned major = version >> 8U;
  return major >= 1 && major <= 3 && (version & 0x0fU) <= 9 && ((version >> 4U) & 0x0fU) <= 9;
}

bool valid_packet_size(std::uint8_t size, Speed speed) {
  switch (speed) {
    case Speed::low:
      return size == 8;
    case Speed::full:
      return size == 8 || size == 16 || size == 32 || size == 64;
    case Speed::high:
      return size == 64;
    case Speed::super:
      return size == 9;
  }
  return false;
}

}  // namespace

Checked<DeviceDescriptor> parse_device(base::wire::Bytes untrusted, Speed speed) {
  const Block block("device descriptor");
  const Descriptor in{.offset = 0, .bytes = untrusted};
  if (in.size() != device_descriptor_size || in.u8(0) != device_descriptor_size) {
    return block.broken(0, "",
                        "bLength " + std::to_string(in.u8(0)) + " of " + std::to_string(in.size()) +
                            " bytes; a device descriptor has 18 (USB 2.0, 9.6.1)");
  }
  if (in.type() != descriptor_type::device) {
    return block.broken(1, "", "bDescriptorType " + hex_byte(in.type()) + " is not 0x01");
  }
  const DeviceDescriptor device{
      .usb_version = in.u16(2),
      .kind = {.code = in.u8(4), .subclass = in.u8(5), .protocol = in.u8(6)},
      .max_packet_size = in.u8(7),
      .vendor_id = in.u16(8),
      .product_id = in.u16(10),
      .version = in.u16(12),
      .manufacturer_string = in.u8(14),
      .product_string = in.u8(15),
      .serial_string = in.u8(16),
      .configurations = in.u8(17)};
  if (!known_usb_version(device.usb_version)) {
    return block.broken(2, "",
                        "bcdUSB " + hex_byte(in.u8(3)) + hex_byte(in.u8(2)).substr(2) +
                            " is no version of USB from 1.0 to 3.x");
  }
  if (device.kind.code == class_code::hub) {
    return block.broken(4, "", "bDeviceClass 0x09 is a hub's; hubs are not attached");
  }
  if (!valid_packet_size(device.max_packet_size, speed)) {
    return block.broken(7, "",
                        "bMaxPacketSize0 " + std::to_string(device.max_packet_size) +
                            " does not exist at this speed (USB 2.0, 5.5.3)");
  }
  if (device.configurations == 0 || device.configurations > max_configurations) {
    return block.broken(17, "",
                        "bNumConfigurations " + std::to_string(device.configurations) +
                            " is not 1 to " + std::to_string(max_configurations));
  }
  return device;
}

}  // namespace usbproxy::firewall
