// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/control_rules.hpp"

#include <algorithm>

#include "usbproxy/firewall/class_requests.hpp"
#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {
namespace {

enum class Kind : std::uint8_t { standard = 0, class_specific = 1, vendor = 2, reserved = 3 };
// USB 2.0, table 9-2.
enum class Recipient : std::uint8_t { device = 0, interface = 1, endpoint = 2, other = 3 };

Kind kind_of(const Setup& setup) {
  return Kind{static_cast<std::uint8_t>((setup.request_type >> 5U) & 3U)};
}

const DescribedEndpoint* find_endpoint(const Device& device, const Setting& setting,
                                       std::uint8_t address, InterfaceClass* owner = nullptr) {
  const Configuration* active = device.configuration(setting.configuration);
  if (active == nullptr) return nullptr;
  for (const DescribedInterface& interface : active->interfaces) {
    const Alternate* alternate = device.alternate(setting, interface.number);
    if (alternate == nullptr) continue;
    for (const DescribedEndpoint& endpoint : alternate->endpoints) {
      if (endpoint.address != address) continue;
      if (owner != nullptr) *owner = alternate->kind;
      return &endpoint;
    }
  }
  return nullptr;
}

template <class Predicate>
bool any_alternate(const Device& device, const Setting& setting, Predicate predicate) {
  const Configuration* active = device.configuration(setting.configuration);
  if (active == nullptr) return false;
  return std::any_of(active->interfaces.begin(), active->interfaces.end(),
                     [&predicate](const DescribedInterface& one) {
                       return std::any_of(one.alternates.begin(), one.alternates.end(), predicate);
                     });
}

bool is_of(const Alternate& alternate, std::uint8_t code) { return alternate.kind.code == code; }

ControlVerdict forward_if(bool allowed) {
  return allowed ? ControlVerdict::forward : ControlVerdict::refuse;
}

bool recipient_exists(const Setup& setup, const Device& device, const Setting& setting) {
  const auto number = static_cast<std::uint8_t>(setup.index & 0xffU);
  switch (Recipient{static_cast<std::uint8_t>(setup.request_type & 0x1fU)}) {
    case Recipient::device:
      return setup.index == 0;
    case Recipient::interface:
      return number < max_device_interfaces && device.alternate(setting, number) != nullptr;
    case Recipient::endpoint:  // the default one exists always
      return setup.index == 0 || setup.index == direction_in ||
             (setup.index <= 0xff && find_endpoint(device, setting, number) != nullptr);
    case Recipient::other:
      return false;
  }
  return false;  // reserved numbers
}

// USB 2.0, tables 9-3, 9-4 and 9-6; USB 3.2, 9.4.
ControlVerdict judge_feature(const Setup& setup, const Device& device, const Setting& setting) {
  constexpr std::uint16_t endpoint_halt = 0, function_suspend = 0, remote_wakeup = 1;
  constexpr std::uint16_t u1_enable = 48, u2_enable = 49, ltm_enable = 50;
  switch (Recipient{static_cast<std::uint8_t>(setup.request_type & 0x1fU)}) {
    case Recipient::device:
      if (setup.value == u1_enable || setup.value == u2_enable || setup.value == ltm_enable) {
        return ControlVerdict::acknowledge;  // power states of a link that does not exist
      }
      return forward_if(setup.value == remote_wakeup && setup.index == 0);
    case Recipient::interface:
      return forward_if(setup.value == function_suspend &&
                        recipient_exists(setup, device, setting));
    case Recipient::endpoint:
      return forward_if(setup.value == endpoint_halt && recipient_exists(setup, device, setting));
    case Recipient::other:
      return ControlVerdict::refuse;
  }
  return ControlVerdict::refuse;
}

ControlVerdict judge_standard(const Setup& setup, const Device& device, const Setting& setting) {
  constexpr std::uint8_t get_status = 0, clear_feature = 1, set_feature = 3, synch_frame = 12;
  constexpr std::uint8_t set_sel = 0x30, set_isoch_delay = 0x31;
  const bool in = (setup.request_type & direction_in) != 0;
  if (in && setup.request == get_status) {
    return forward_if(recipient_exists(setup, device, setting));
  }
  if (!in && (setup.request == clear_feature || setup.request == set_feature)) {
    return judge_feature(setup, device, setting);
  }
  if (setup.request_type == 0x82 && setup.request == synch_frame && setup.index <= 0xff) {
    const auto* endpoint =
        find_endpoint(device, setting, static_cast<std::uint8_t>(setup.index & 0xffU));
    return forward_if(endpoint != nullptr && endpoint->type() == transfer_type::isochronous);
  }
  // Timing of a link that does not exist.
  if (setup.request_type == 0 && (setup.request == set_sel || setup.request == set_isoch_delay)) {
    return ControlVerdict::acknowledge;
  }
  return ControlVerdict::refuse;
}

ControlVerdict judge_class(const ControlRules& rules, const Setup& setup, const Device& device,
                           const Setting& setting) {
  const auto firmware = rules.firmware == ControlRules::Firmware::allow ? FirmwareRequests::allow
                                                                        : FirmwareRequests::refuse;
  switch (Recipient{static_cast<std::uint8_t>(setup.request_type & 0x1fU)}) {
    case Recipient::device:
      return forward_if(any_alternate(device, setting, [&setup](const Alternate& one) {
        return device_request_known(one.kind, setup.request);
      }));
    case Recipient::interface: {
      // GET_DEVICE_ID has its interface in the high byte (Printer 1.1, 4.2.1).
      const bool in_high_byte = setup.request_type == 0xa1 && setup.request == 0;
      const auto low = static_cast<std::uint8_t>(setup.index & 0xffU);
      const auto high = static_cast<std::uint8_t>(setup.index >> 8U);
      if (in_high_byte && high < max_device_interfaces) {
        const Alternate* printer = device.alternate(setting, high);
        if (printer != nullptr && is_of(*printer, class_code::printer)) {
          return ControlVerdict::forward;
        }
      }
      if (low >= max_device_interfaces) return ControlVerdict::refuse;
      const Alternate* one = device.alternate(setting, low);
      return forward_if(one != nullptr &&
                        interface_request_known(one->kind, setup.request, firmware));
    }
    case Recipient::endpoint: {
      InterfaceClass owner;
      if (setup.index > 0xff ||
          find_endpoint(device, setting, static_cast<std::uint8_t>(setup.index), &owner) ==
              nullptr) {
        return ControlVerdict::refuse;
      }
      return forward_if(endpoint_request_known(owner, setup.request));
    }
    case Recipient::other:
      return ControlVerdict::refuse;
  }
  return ControlVerdict::refuse;
}

// Requests of makers whose chips answer them without any driver's help.
bool changes_firmware(const Setup& setup, const DeviceDescriptor& device) {
  constexpr std::uint16_t cypress = 0x04b4, ftdi = 0x0403;
  constexpr std::uint8_t write_memory = 0xa0;                       // EZ-USB
  constexpr std::uint8_t write_eeprom = 0x91, erase_eeprom = 0x92;  // FTDI: ids and strings
  if ((setup.request_type & direction_in) != 0) return false;
  if (device.vendor_id == cypress) return setup.request == write_memory;
  return device.vendor_id == ftdi &&
         (setup.request == write_eeprom || setup.request == erase_eeprom);
}

ControlVerdict judge_vendor(const ControlRules& rules, const Setup& setup, const Device& device,
                            const Setting& setting) {
  if (rules.firmware == ControlRules::Firmware::refuse &&
      changes_firmware(setup, device.descriptor)) {
    return ControlVerdict::refuse;
  }
  switch (rules.vendor) {
    case ControlRules::Vendor::refuse:
      return ControlVerdict::refuse;
    case ControlRules::Vendor::allow:
      return ControlVerdict::forward;
    case ControlRules::Vendor::with_interface:
      return forward_if(any_alternate(
          device, setting, [](const Alternate& one) { return is_of(one, class_code::vendor); }));
  }
  return ControlVerdict::refuse;
}

}  // namespace

ControlVerdict judge(const ControlRules& rules, const Setup& setup, const Device& device,
                     const Setting& setting) {
  switch (kind_of(setup)) {
    case Kind::standard:
      return judge_standard(setup, device, setting);
    case Kind::class_specific:
      return judge_class(rules, setup, device, setting);
    case Kind::vendor:
      return judge_vendor(rules, setup, device, setting);
    case Kind::reserved:
      return ControlVerdict::refuse;
  }
  return ControlVerdict::refuse;
}

}  // namespace usbproxy::firewall
