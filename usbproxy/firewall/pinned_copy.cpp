// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/pinned_copy.hpp"

#include "usbproxy/firewall/canonical.hpp"
#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/firewall/string_descriptor.hpp"

namespace usbproxy::firewall {

PinnedCopy::PinnedCopy(Parts parts, Speed speed)
    : parts_(std::move(parts)), device_(write_device(parts_.device.descriptor)) {
  for (const Configuration& one : parts_.device.configurations) {
    configurations_.push_back(write_configuration(one, speed));
    for (const DescribedInterface& interface : one.interfaces) {
      auto bytes = write_hid_descriptor(interface.alternates.front());
      if (!bytes.empty()) hid_descriptors_[{one.value, interface.number}] = std::move(bytes);
    }
  }
  if (!parts_.language) return;
  languages_ = language_descriptor(*parts_.language);
  for (const auto& [index, text] : parts_.strings) strings_[index] = string_descriptor(text);
}

std::optional<base::wire::Bytes> PinnedCopy::find(const Setup& setup,
                                                  const Setting& setting) const {
  const auto type = static_cast<std::uint8_t>(setup.value >> 8U);
  const auto index = static_cast<std::uint8_t>(setup.value & 0xffU);
  if (setup.request_type == from_interface) return find_hid(setup.value, setup.index, setting);
  if (setup.request_type != from_device) return std::nullopt;
  switch (type) {
    case descriptor_type::device:
      if (index != 0) return std::nullopt;
      return device_;
    case descriptor_type::configuration:
      if (index >= configurations_.size()) return std::nullopt;
      return configurations_[index];
    case descriptor_type::string:
      return find_string(index, setup.index);
    case descriptor_type::bos:
      if (index != 0 || !parts_.bos) return std::nullopt;
      return *parts_.bos;
    default:  // qualifiers and other speeds tell of a link that does not exist
      return std::nullopt;
  }
}

std::optional<base::wire::Bytes> PinnedCopy::find_string(std::uint8_t index,
                                                         std::uint16_t language) const {
  if (!parts_.language) return std::nullopt;
  if (index == 0) return languages_;
  const auto found = strings_.find(index);
  if (found == strings_.end() || language != *parts_.language) return std::nullopt;
  return found->second;
}

std::optional<base::wire::Bytes> PinnedCopy::find_hid(std::uint16_t value,
                                                      std::uint16_t interface_number,
                                                      const Setting& setting) const {
  if (interface_number >= max_device_interfaces) return std::nullopt;
  const auto number = static_cast<std::uint8_t>(interface_number);
  if (value == descriptor_type::hid_report << 8U) {
    const auto found = parts_.reports.find(number);
    if (setting.configuration != parts_.reports_of || found == parts_.reports.end()) {
      return std::nullopt;
    }
    return found->second;
  }
  if (value != descriptor_type::class_device << 8U) return std::nullopt;
  const auto found = hid_descriptors_.find({setting.configuration, number});
  if (found == hid_descriptors_.end()) return std::nullopt;
  return found->second;
}

}  // namespace usbproxy::firewall
