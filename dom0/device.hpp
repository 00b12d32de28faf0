// SPDX-License-Identifier: GPL-2.0-or-later
// One device that a qube says it has, of whatever class, and what dom0 makes of it.
//
// Pure. The class decides how a device is named, shown and remembered; everything else in dom0
// (inventory, leases, policy, assignments) is the same for all classes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/wire/result.hpp"
#include "sys-usb/inventory_record.hpp"

namespace dom0 {

// What a class is called where it meets people and other programs.
struct DeviceClass {
  std::string_view name;            // "usb", in the Admin API's methods and events
  std::string_view tool;            // "qvm-usb"
  std::string_view service;         // in the backend; policy is asked about it
  std::string_view attach_service;  // in the frontend
};
inline constexpr DeviceClass usb_class{"usb", "qvm-usb", "qubes.USB", "qubes.USBAttach"};
inline constexpr DeviceClass block_class{"block", "qvm-block", "sallyport.Block",
                                         "sallyport.BlockAttach"};
inline constexpr std::array device_classes{&usb_class, &block_class};
// nullptr: dom0 has no such class.
const DeviceClass* find_class(std::string_view name);
// Of "sallyport.Block+sda1": nullptr if the service gives away no device.
const DeviceClass* class_of_service(std::string_view service_with_argument);

class Device {
 public:
  Device() = default;
  // A block device that hangs on a USB device has that one's id as the beginning of its own;
  // `usb_id` is it, or empty.
  Device(sysusb::InventoryRecord record, std::string usb_id = {})
      : record_(std::move(record)), usb_id_(std::move(usb_id)) {}
  Device(sysusb::DeviceRecord record) : record_(std::move(record)) {}
  Device(sysusb::BlockRecord record) : record_(std::move(record)) {}

  const DeviceClass& device_class() const;
  const std::string& port_id() const;
  const sysusb::InventoryRecord& record() const { return record_; }
  const sysusb::DeviceRecord* usb() const { return std::get_if<sysusb::DeviceRecord>(&record_); }
  const sysusb::BlockRecord* block() const { return std::get_if<sysusb::BlockRecord>(&record_); }
  const std::string& usb_id() const { return usb_id_; }
  void set_usb_id(std::string usb_id) { usb_id_ = std::move(usb_id); }
  // The USB port that it hangs on, "2-1.4"; of a USB device its own; empty: it is not on USB.
  std::string usb_port() const;

  // What it is a part of: a partition's disk, a disk's USB device. Empty port: nothing.
  struct Parent {
    std::string port_id;
    const DeviceClass* device_class = &usb_class;
  };
  Parent parent() const;

  friend bool operator==(const Device&, const Device&) = default;

 private:
  sysusb::InventoryRecord record_;
  std::string usb_id_;
};

// A USB string has at most 126 characters.
inline constexpr std::size_t max_identity_serial = 126;
// vvvv:pppp:SERIAL: and seven characters for each of 32 interfaces.
inline constexpr std::size_t max_usb_device_id =
    4 + 1 + 4 + 1 + max_identity_serial + 1 + std::size_t{7} * 32;
// Of a partition of its disk: ":255.255:65535" behind it.
inline constexpr std::size_t max_device_id = max_usb_device_id + 8 + 6;

// What stands for the interfaces of a block device.
inline constexpr std::string_view block_interface = "b******";

// "u080650"
std::string interface_code(const sysusb::Interface& interface);
// In the order of the descriptors; a block device is one "b******".
std::vector<std::string> interface_codes(const Device& device);

// What the device claims to be. USB: "0951:1666:60A4:u080650". In the serial everything but
// letters, digits, '.', '_' and '-' is '_', so that the id survives the way through a request's
// argument. A device without interfaces has the unknown one, "?******".
// Block, as Qubes makes it: the USB device's id, the interface, the partition if it is one,
// "0951:1666:60A4:u080650:1.0:1". Not on USB: "0000:0000:SERIAL:b******", again with a partition.
std::string device_id(const Device& device);

// Whether two devices of one qube are the same thing, or one is a part of the other: a USB device
// and its disks, a disk and its partitions.
bool share_hardware(const Device& one, const Device& other);

}  // namespace dom0
