// SPDX-License-Identifier: GPL-2.0-or-later
// Standard descriptors that break the grammar of USB 2.0, 9.6, and USB 3.2, 9.6.
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

// Places in the keyboard's configuration: its header, interface, HID descriptor, endpoint.
constexpr std::size_t header = 0, interface_at = 9, endpoint_at = 27;
// USB 2.0, tables 9-8, 9-10, 9-12 and 9-13.
constexpr std::size_t length_of = 0, type_of = 1, total = 2, value_of = 5, attributes_of = 7,
                      endpoints_of = 4, address_of = 2, size_of_packet = 4, interval_of = 6;

using Values = std::initializer_list<unsigned>;

Device config_spoilt(Device device, std::size_t offset, Values values) {
  device.configurations[0] = patched(device.configurations[0], offset, values);
  return device;
}

Device device_spoilt(Device device, std::size_t offset, Values values) {
  device.descriptor = patched(device.descriptor, offset, values);
  return device;
}

// A row for the keyboard with some bytes of its configuration replaced.
Attack in_config(const char* id, const char* what, std::size_t offset, Values values,
                 Expected plug = harmless(), Expected stream = harmless()) {
  const Device spoilt = config_spoilt(keyboard(), offset, values);
  return {id,    Class::descriptors,          "USB 2.0 and 3.2, 9.6",
          what,  [spoilt] { return spoilt; }, plug,
          stream};
}

Attack in_device(const char* id, const char* what, std::size_t offset, Values values,
                 Expected plug = harmless(), Expected stream = harmless()) {
  const Device spoilt = device_spoilt(keyboard(), offset, values);
  return {id,    Class::descriptors,          "USB 2.0 and 3.2, 9.6",
          what,  [spoilt] { return spoilt; }, plug,
          stream};
}

Attack of(const char* id, const char* what, const Device& device, Expected plug = harmless(),
          Expected stream = harmless()) {
  return {id,    Class::descriptors,          "USB 2.0 and 3.2, 9.6",
          what,  [device] { return device; }, plug,
          stream};
}

Interface vendor(std::uint8_t number, std::vector<Endpoint> endpoints = {},
                 std::uint8_t alternate = 0) {
  Interface one;
  one.number = number;
  one.alternate = alternate;
  one.endpoints = std::move(endpoints);
  return one;
}

Device with_interfaces(const std::vector<Interface>& interfaces, Speed speed = Speed::full) {
  Identity identity;
  identity.product = 0x0010;
  if (speed == Speed::super) {
    identity.usb = 0x0300;
    identity.packet = 9;
  }
  if (speed == Speed::low) identity.packet = 8;
  return device_of(identity, configuration(interfaces), speed);
}

Device many_interfaces(unsigned count) {
  std::vector<Interface> interfaces;
  for (unsigned i = 0; i < count; ++i) interfaces.push_back(vendor(static_cast<std::uint8_t>(i)));
  return with_interfaces(interfaces);
}

Device many_endpoints() {
  std::vector<Endpoint> endpoints;
  for (unsigned i = 1; i <= 31; ++i) {
    const unsigned address = i < 16 ? i : (i - 15) | 0x80U;
    endpoints.push_back({static_cast<std::uint8_t>(address), bulk, 64, 0, {}});
  }
  return with_interfaces({vendor(0, endpoints)});
}

// USB 3.2, 9.6.7.
Memory companion(unsigned burst) { return bytes({6, 0x30, burst, 0, 0, 0}); }
// USB 3.2, 9.6.2: header, then one capability.
Memory bos(unsigned total_length, const Memory& capability) {
  return bytes({5, 15, total_length & 0xffU, total_length >> 8U, 1}) + capability;
}
Device super_speed(const Memory& after_endpoint, const Memory& bos_bytes) {
  Device device = with_interfaces(
      {vendor(0, {{0x81, bulk, 1024, 0, after_endpoint}, {0x01, bulk, 1024, 0, after_endpoint}})},
      Speed::super);
  device.bos = bos_bytes;
  return device;
}
Memory good_bos() { return bos(15, bytes({10, 16, 3, 0, 14, 0, 1, 10, 0xff, 7})); }

Device with_junk(std::size_t size, unsigned type) {
  Interface one = vendor(0, {{0x81, bulk, 64, 0, {}}});
  while (one.extra.size() < size) {
    one.extra = std::move(one.extra) + bytes({255, type}) + filled(253, 0xa5);
  }
  return with_interfaces({one});
}

std::vector<Attack> in_lengths() {
  return {
      in_config("config-blength-0", "bLength of the configuration is 0", header + length_of, {0},
                not_enumerated(), refused("bLength 0 of 9 bytes")),
      in_config("config-blength-1", "bLength of the configuration is 1", header + length_of, {1},
                not_enumerated(), refused("bLength 1 of 9 bytes")),
      in_config("config-blength-255", "bLength of the configuration is 255", header + length_of,
                {255}, not_enumerated(), refused("bLength 255 of 9 bytes")),
      in_config("config-type", "the configuration calls itself an endpoint", header + type_of, {5},
                not_enumerated(), refused("bDescriptorType 0x05 is not 0x02")),
      in_config("total-length-0", "wTotalLength is 0", header + total, {0, 0},
                refused("libusb does not accept the device"),
                refused("wTotalLength 0 is not 9 to 4096")),
      in_config("total-length-short", "wTotalLength ends within the interface", header + total,
                {20, 0}, refused("bLength 0 is less than its own header's 2 bytes"),
                refused("bLength 9 goes beyond the end")),
      in_config("total-length-long", "wTotalLength is 4095, 34 bytes are there", header + total,
                {0xff, 0x0f}, refused("bLength 0 is less than its own header's 2 bytes"),
                refused("wTotalLength 4095, but 34 bytes came")),
      in_config("total-length-65535", "wTotalLength is 65535, 34 bytes are there", header + total,
                {0xff, 0xff}, refused("wTotalLength 65535 is not 9 to 4096"),
                refused("wTotalLength 65535 is not 9 to 4096")),
      in_config("interface-blength-0", "bLength of the interface is 0", interface_at + length_of,
                {0}, refused("bLength 0 is less than its own header's 2 bytes"),
                refused("bLength 0 is less than its own header's 2 bytes")),
      in_config("interface-blength-255", "bLength of the interface reaches beyond the end",
                interface_at + length_of, {255},
                refused("bLength 0 is less than its own header's 2 bytes"),
                refused("bLength 255 goes beyond the end")),
      in_config("endpoint-blength-2", "bLength of the endpoint is 2", endpoint_at + length_of, {2},
                refused("bLength 2 is not an endpoint descriptor's 7"),
                refused("bLength 2 is not an endpoint descriptor's 7")),
      in_config("endpoint-blength-255", "bLength of the endpoint reaches beyond the end",
                endpoint_at + length_of, {255},
                refused("bLength 0 is less than its own header's 2 bytes"),
                refused("bLength 255 goes beyond the end")),
      in_device("device-blength-17", "bLength of the device descriptor is 17", 0, {17},
                refused("libusb does not accept the device"), refused("bLength 17 of 18 bytes")),
      in_device("device-blength-19", "bLength of the device descriptor is 19", 0, {19},
                refused("libusb does not accept the device"), refused("bLength 19 of 18 bytes")),
      in_device("device-blength-0", "bLength of the device descriptor is 0", 0, {0},
                refused("libusb does not accept the device"), refused("bLength 0 of 18 bytes")),
      in_device("device-type", "the device descriptor calls itself a configuration", 1, {2},
                not_enumerated(), refused("bDescriptorType 0x02 is not 0x01")),
      in_device("bcdusb-ffff", "bcdUSB is 0xffff", 2, {0xff, 0xff},
                refused("bcdUSB 0xffff is no version of USB from 1.0 to 3.x"),
                refused("bcdUSB 0xffff is no version of USB from 1.0 to 3.x")),
      in_device("packet0-0", "bMaxPacketSize0 is 0", 7, {0}, not_enumerated(),
                refused("bMaxPacketSize0 0 does not exist at this speed")),
      in_device("packet0-255", "bMaxPacketSize0 is 255", 7, {255}, not_enumerated(),
                refused("bMaxPacketSize0 255 does not exist at this speed")),
      in_device("configurations-0", "bNumConfigurations is 0", 17, {0}, not_enumerated(),
                refused("bNumConfigurations 0 is not 1 to 4")),
      in_device("configurations-255", "bNumConfigurations is 255, one is there", 17, {255},
                not_enumerated(), refused("bNumConfigurations 255 is not 1 to 4")),
      in_device("vendor-0", "idVendor is 0", 8, {0, 0}),
      in_device("string-index-255", "the serial number's index is 255, no such string", 16, {255}),
      in_device("strings-one-index", "all three strings have one index", 14, {1, 1, 1}),
  };
}

std::vector<Attack> in_values() {
  Device two = keyboard();
  two.descriptor = patched(two.descriptor, 17, {2});
  two.configurations.push_back(two.configurations[0]);
  return {
      of("configurations-one-value", "two configurations with one value", two,
         refused("bConfigurationValue 1 is that of another configuration"),
         refused("bConfigurationValue 1 is that of another configuration")),
      in_config("config-value-0", "bConfigurationValue is 0", header + value_of, {0},
                refused("bConfigurationValue is 0"), refused("bConfigurationValue is 0")),
      in_config("config-attributes", "reserved bits of bmAttributes, bMaxPower 255",
                header + attributes_of, {0x1f, 255}, not_enumerated()),
      in_config("endpoints-claimed-3", "bNumEndpoints is 3, one is there",
                interface_at + endpoints_of, {3}, refused("bNumEndpoints 3, but 1 follow"),
                refused("bNumEndpoints 3, but 1 follow")),
      in_config("endpoints-claimed-255", "bNumEndpoints is 255", interface_at + endpoints_of, {255},
                refused("bNumEndpoints 255, but 1 follow"),
                refused("bNumEndpoints 255, but 1 follow")),
      in_config("endpoint-address-00", "endpoint 0 OUT in an interface", endpoint_at + address_of,
                {0x00}, refused("endpoint 0 is not described"),
                refused("endpoint 0 is not described")),
      in_config("endpoint-address-80", "endpoint 0 IN in an interface", endpoint_at + address_of,
                {0x80}, refused("endpoint 0 is not described"),
                refused("endpoint 0 is not described")),
      in_config("endpoint-address-93", "reserved bits of bEndpointAddress",
                endpoint_at + address_of, {0x93},
                refused("bEndpointAddress has reserved bits 6..4"),
                refused("bEndpointAddress has reserved bits 6..4")),
      in_config("endpoint-attributes", "reserved bits of an endpoint's bmAttributes",
                endpoint_at + 3, {0xc3}, refused("bmAttributes 0xc3 has reserved bits 7..6"),
                refused("bmAttributes 0xc3 has reserved bits 7..6")),
      in_config("packet-size-0", "wMaxPacketSize is 0", endpoint_at + size_of_packet, {0, 0},
                refused("wMaxPacketSize is 0"), refused("wMaxPacketSize is 0")),
      in_config("packet-size-16384", "wMaxPacketSize is 16384", endpoint_at + size_of_packet,
                {0, 0x40}, refused("wMaxPacketSize 16384 has reserved bits 15..13"),
                refused("wMaxPacketSize 16384 has reserved bits 15..13")),
      in_config("packet-size-1025", "wMaxPacketSize is 1025", endpoint_at + size_of_packet, {1, 4},
                refused("wMaxPacketSize 1025 exceeds 64"),
                refused("wMaxPacketSize 1025 exceeds 64")),
      in_config("interval-0", "bInterval is 0", endpoint_at + interval_of, {0},
                refused("bInterval 0 is not 1 to 255"), refused("bInterval 0 is not 1 to 255")),
      of("packet-mult-3", "high-speed interrupt with reserved number of transactions",
         with_interfaces({vendor(0, {{0x81, interrupt, 0x1c00, 4, {}}})}, Speed::high),
         refused("wMaxPacketSize has the reserved 3 in bits 12..11"),
         refused("wMaxPacketSize has the reserved 3 in bits 12..11")),
      of("low-speed-bulk", "bulk endpoints of a low-speed device",
         with_interfaces({vendor(0, {{0x81, bulk, 8, 0, {}}})}, Speed::low),
         refused("low speed has interrupt endpoints only"),
         refused("low speed has interrupt endpoints only")),
      of("high-speed-bulk-64", "high-speed bulk endpoint of 64 bytes",
         with_interfaces({vendor(0, {{0x81, bulk, 64, 0, {}}})}, Speed::high), attached(),
         attached()),
      of("high-speed-bulk-100", "high-speed bulk endpoint of 100 bytes",
         with_interfaces({vendor(0, {{0x81, bulk, 100, 0, {}}})}, Speed::high),
         refused("wMaxPacketSize 100 is not 512"), refused("wMaxPacketSize 100 is not 512")),
  };
}

std::vector<Attack> in_structure() {
  Device endpoint_first = keyboard();
  endpoint_first.configurations[0] =
      configuration({keyboard_interface()}, bytes({7, 5, 0x81, 3, 8, 0, 10}));
  const Memory iad = bytes({8, 11, 200, 100, 3, 1, 1, 0});
  Memory iads;
  for (int i = 0; i < 17; ++i) iads = std::move(iads) + bytes({8, 11, 0, 1, 3, 1, 1, 0});
  Device with_iad = keyboard();
  with_iad.configurations[0] = configuration({keyboard_interface()}, iad);
  Device with_iads = keyboard();
  with_iads.configurations[0] = configuration({keyboard_interface()}, iads);
  Device short_iad = keyboard();
  short_iad.configurations[0] = configuration({keyboard_interface()}, bytes({2, 11}));
  const std::vector<Endpoint> in_1{{0x81, bulk, 64, 0, {}}};
  return {
      of("interfaces-0", "no interface at all", with_interfaces({}),
         refused("bNumInterfaces 0 is not 1 to 16"), refused("bNumInterfaces 0 is not 1 to 16")),
      of("interfaces-17", "17 interfaces", many_interfaces(17),
         refused("bNumInterfaces 17 is not 1 to 16"),
         refused("device has 17 interfaces, more than the 16 that are supported")),
      of("interfaces-33", "33 interfaces", many_interfaces(33),
         refused("bNumInterfaces 33 is not 1 to 16"),
         refused("device has 32 interfaces, more than the 16 that are supported")),
      of("interfaces-40", "40 interfaces", many_interfaces(40),
         refused("bNumInterfaces 40 is not 1 to 16"),
         refused("device has 32 interfaces, more than the 16 that are supported")),
      in_config("interfaces-claimed-255", "bNumInterfaces is 255", header + 4, {255},
                refused("bNumInterfaces 255 is not 1 to 16"),
                refused("bNumInterfaces 255 is not 1 to 16")),
      of("interface-numbers-gap", "interfaces 0 and 2",
         with_interfaces({vendor(0), vendor(2, in_1)}), attached(), attached()),
      of("interface-number-16", "interfaces 0 and 16",
         with_interfaces({vendor(0, in_1), vendor(16, {{0x82, bulk, 64, 0, {}}})}),
         refused("bInterfaceNumber is not below 16"), refused("bInterfaceNumber is not below 16")),
      of("alternates-gap", "alternate settings 0 and 7, which libusbredirhost uses as indices",
         with_interfaces({vendor(0), vendor(0, in_1, 7)}), refused("not numbered"),
         refused("bAlternateSetting is not 1, the next one")),
      of("alternate-twice", "alternate setting 0 twice",
         with_interfaces({vendor(0), vendor(0, in_1)}), refused("not numbered"),
         refused("device names one interface number twice")),
      of("alternates-without-0", "alternate setting 1 only", with_interfaces({vendor(0, in_1, 1)}),
         refused("not numbered"), refused("bAlternateSetting is not 0, the next one")),
      of("endpoints-31", "31 endpoints in one interface", many_endpoints(),
         refused("endpoint 0 is not described"), refused("endpoint 0 is not described")),
      of("endpoint-twice", "one address twice in one setting",
         with_interfaces({vendor(0, {{0x81, bulk, 64, 0, {}}, {0x81, interrupt, 8, 1, {}}})}),
         refused("its setting has the address already"),
         refused("its setting has the address already")),
      of("endpoint-shared", "one address in two interfaces",
         with_interfaces({vendor(0, in_1), vendor(1, in_1)}),
         refused("interfaces 0 and 1 share it"), refused("interfaces 0 and 1 share it")),
      of("endpoint-before-interface", "an endpoint that belongs to no interface", endpoint_first,
         refused("endpoint: it stands before the first interface"),
         refused("endpoint: it stands before the first interface")),
      of("iad-beyond", "an association of interfaces 200 to 299", with_iad,
         refused("interface association: interfaces 200 and 100 in all do not exist"),
         refused("interface association: interfaces 200 and 100 in all do not exist")),
      of("iad-17", "17 associations", with_iads,
         refused("interface association: it shares an interface with another one"),
         refused("interface association: it shares an interface with another one")),
      {"iad-short", Class::descriptors, "CVE-2017-16531", "an association of two bytes",
       [short_iad] { return short_iad; }, refused("interface association: bLength 2 is not 8"),
       refused("interface association: bLength 2 is not 8")},
      of("super-speed-bare", "SuperSpeed endpoints without companions", super_speed({}, good_bos()),
         refused("no companion follows it"), refused("no companion follows it")),
      of("super-speed-burst", "a companion with bursts of 17",
         super_speed(companion(16), good_bos()), refused("bMaxBurst 16 exceeds 15"),
         refused("bMaxBurst 16 exceeds 15")),
      of("super-speed-fine", "SuperSpeed as it should be", super_speed(companion(0), good_bos())),
      of("bos-total", "BOS longer than it is",
         super_speed(companion(0), patched(good_bos(), 2, {0xff, 0xff})),
         refused("wTotalLength 65535 is not 5 to 1024"),
         refused("wTotalLength 65535 is not 5 to 1024")),
      {"bos-capability-0", Class::descriptors, "CVE-2017-16535", "a capability of BOS of length 0",
       [] { return super_speed(companion(0), patched(good_bos(), 5, {0})); },
       refused("bLength 0 is less than its own header's 2 bytes"),
       refused("bLength 0 is less than its own header's 2 bytes")},
      of("junk-64k", "64 KiB of class-specific descriptors", with_junk(std::size_t{64000}, 0x24),
         refused("wTotalLength 64030 is not 9 to 4096"),
         refused("wTotalLength 64030 is not 9 to 4096")),
      of("unknown-types", "descriptors of type 0xfe", with_junk(1024, 0xfe)),
      of(
          "hub", "a hub, behind which there could be anything",
          [] {
            Device hub = with_interfaces({vendor(0, {{0x81, interrupt, 1, 12, {}}})});
            hub.descriptor = patched(hub.descriptor, 4, {9});
            hub.configurations[0] = patched(hub.configurations[0], interface_at + 5, {9});
            return hub;
          }(),
          refused("bDeviceClass 0x09 is a hub's"), refused("bDeviceClass 0x09 is a hub's")),
  };
}

}  // namespace

std::vector<Attack> descriptor_attacks() {
  std::vector<Attack> all = in_lengths();
  for (auto part : {in_values, in_structure}) {
    const std::vector<Attack> some = part();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace attacks
