// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/device.hpp"

#include <algorithm>

namespace attacks {
namespace {

// Descriptor types (USB 2.0, table 9-5; USB 3.2, table 9-6; HID 1.11, 7.1).
enum : std::uint8_t {
  type_device = 1,
  type_configuration = 2,
  type_string = 3,
  type_bos = 15,
  type_report = 0x22
};
// bmRequestType and bRequest in one number (USB 2.0, table 9-3).
enum : unsigned {
  get_status_device = 0x8000,
  get_descriptor_device = 0x8006,
  get_descriptor_interface = 0x8106,
  get_configuration = 0x8008,
  get_interface = 0x810a,
  get_status_interface = 0x8100,
  get_status_endpoint = 0x8200,
  clear_device_feature = 0x0001,
  set_device_feature = 0x0003,
  set_configuration_request = 0x0009,
  set_interface_request = 0x010b,
  clear_endpoint_feature = 0x0201,
  set_endpoint_feature = 0x0203,
  set_sel = 0x0030,
  set_isoch_delay = 0x0031
};

unsigned code_of(const Setup& setup) {
  return static_cast<unsigned>(setup.request_type) << 8U | setup.request;
}

Memory cut(Memory data, std::size_t size) {
  data.resize(std::min(data.size(), size));
  return data;
}

}  // namespace

Answer give(Memory data) {
  Answer answer;
  answer.data = std::move(data);
  return answer;
}

Answer stalled() {
  Answer answer;
  answer.kind = Answer::Kind::stall;
  return answer;
}

std::function<void(Answer&)> stall() {
  return [](Answer& answer) { answer = stalled(); };
}
std::function<void(Answer&)> fall_silent() {
  return [](Answer& answer) { answer.kind = Answer::Kind::silent; };
}
std::function<void(Answer&)> unplug() {
  return [](Answer& answer) { answer.kind = Answer::Kind::unplug; };
}
std::function<void(Answer&)> late(milliseconds delay) {
  return [delay](Answer& answer) { answer.delay = delay; };
}
std::function<void(Answer&)> cut_to(std::size_t size) {
  return [size](Answer& answer) { answer.data = cut(std::move(answer.data), size); };
}
std::function<void(Answer&)> lengthen_by(std::size_t count) {
  return [count](Answer& answer) { answer.data.resize(answer.data.size() + count); };
}
std::function<void(Answer&)> instead(Memory data) {
  return [data = std::move(data)](Answer& answer) { answer = give(data); };
}
std::function<void(Answer&)> spoil(std::size_t offset, std::initializer_list<unsigned> values) {
  const Memory replacement = bytes(values);
  return [offset, replacement](Answer& answer) {
    for (std::size_t i = 0; i < replacement.size() && offset + i < answer.data.size(); ++i)
      answer.data[offset + i] = replacement[i];
  };
}

std::string approval_of(const Device& device) {
  constexpr std::size_t serial_index_at = 16;  // USB 2.0, table 9-8
  std::string text = identity_text(device.descriptor, {});
  if (device.descriptor.size() <= serial_index_at) return text;
  const auto found =
      device.strings.find(std::to_integer<std::uint8_t>(device.descriptor[serial_index_at]));
  if (found == device.strings.end()) return text;
  std::string serial;
  for (std::size_t i = 2; i < found->second.size(); i += 2)
    serial += std::to_integer<char>(found->second[i]);
  return text.insert(text.size() - 1, serial);
}

Step step_of(const Setup& setup) {
  const unsigned code = code_of(setup);
  if (code == set_configuration_request) return Step::set_configuration;
  if (code == set_interface_request) return Step::set_interface;
  if (code != get_descriptor_device && code != get_descriptor_interface) return Step::other_control;
  switch (setup.value >> 8U) {
    case type_device:
      return Step::device;
    case type_configuration:
      return setup.length <= 9 ? Step::configuration : Step::configuration_whole;
    case type_string:
      return Step::string;
    case type_bos:
      return Step::bos;
    case type_report:
      return Step::report;
    default:
      return Step::other_control;
  }
}

Answer Device::control(const Setup& setup, Bytes data) {
  Answer answer = standard(setup, data);
  answer.data = cut(std::move(answer.data), setup.length);
  const Step step = step_of(setup);
  spoil_answer(step, answer);
  // A fault of the configuration may mean any read of it, or only the whole.
  if (step == Step::configuration_whole) spoil_answer(Step::configuration, answer);
  return answer;
}

Answer Device::transfer_out(std::uint8_t address, Bytes data) {
  const auto found = out.find(address);
  Answer answer = found == out.end() ? stalled() : found->second(data);
  spoil_answer(Step::data_out, answer);
  return answer;
}

Answer Device::transfer_in(std::uint8_t address, std::uint32_t asked) {
  const auto found = in.find(address);
  Answer answer = found == in.end() ? stalled() : found->second(asked);
  if (answer.kind != Answer::Kind::nak) spoil_answer(Step::data_in, answer);
  return answer;
}

Device Device::with(Fault fault) const {
  Device changed = *this;
  changed.faults.push_back(std::move(fault));
  return changed;
}

void Device::spoil_answer(Step step, Answer& answer) {
  const unsigned number = seen_[step]++;
  for (const Fault& fault : faults) {
    if (fault.at == step && number >= fault.from && number - fault.from < fault.count)
      fault.act(answer);
  }
}

Answer Device::standard(const Setup& setup, Bytes data) {
  switch (code_of(setup)) {
    case get_descriptor_device:
    case get_descriptor_interface:
      return get_descriptor(setup);
    case set_configuration_request:
      configured_ = static_cast<std::uint8_t>(setup.value & 0xffU);
      return {};
    case get_configuration:
      return give(bytes({configured_}));
    case get_interface:
      return give(bytes({0}));
    case get_status_device:
    case get_status_interface:
    case get_status_endpoint:
      return give(bytes({0, 0}));
    case set_interface_request:
    case clear_endpoint_feature:
    case set_endpoint_feature:
    case clear_device_feature:
    case set_device_feature:
    case set_sel:
    case set_isoch_delay:
      return {};
    default:
      break;
  }
  if (on_control) {
    if (auto answer = on_control(setup, data)) return *answer;
  }
  return stalled();
}

Answer Device::get_descriptor(const Setup& setup) const {
  const auto index = static_cast<std::uint8_t>(setup.value & 0xffU);
  const auto interface_number = static_cast<std::uint8_t>(setup.index & 0xffU);
  switch (setup.value >> 8U) {
    case type_device:
      return give(descriptor);
    case type_configuration:
      return index < configurations.size() ? give(configurations[index]) : stalled();
    case type_string:
      return strings.contains(index) ? give(strings.at(index)) : stalled();
    case type_bos:
      return bos.empty() ? stalled() : give(bos);
    case type_report:
      return reports.contains(interface_number) ? give(reports.at(interface_number)) : stalled();
    default:
      return stalled();
  }
}

}  // namespace attacks
