// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/descriptor_reader.hpp"

#include <algorithm>

#include "usbproxy/firewall/bos.hpp"
#include "usbproxy/firewall/class_descriptors.hpp"
#include "usbproxy/firewall/configuration_parser.hpp"
#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/firewall/device_descriptor.hpp"
#include "usbproxy/firewall/hid_report.hpp"
#include "usbproxy/firewall/string_descriptor.hpp"

namespace usbproxy::firewall {
namespace {

constexpr std::uint8_t get_descriptor = 0x06;
constexpr std::uint16_t max_string_length = 255;
constexpr std::uint16_t first_version_with_bos = 0x0201;
constexpr InterfaceClass boot_mouse{.code = class_code::hid, .subclass = 1, .protocol = 2};

constexpr std::uint16_t value_of(std::uint8_t type, std::uint8_t index = 0) {
  return static_cast<std::uint16_t>(type << 8U | index);
}

std::string name_of(std::uint16_t value, std::uint8_t number) {
  const auto type = static_cast<std::uint8_t>(value >> 8U);
  if (type == descriptor_type::device) return "device descriptor";
  if (type == descriptor_type::configuration) return "configuration " + std::to_string(number + 1);
  if (type == descriptor_type::bos) return "BOS";
  if (type == descriptor_type::string) return "string " + std::to_string(number);
  return "HID report descriptor of interface " + std::to_string(number);
}

}  // namespace

DescriptorReader::DescriptorReader(Speed speed, std::uint8_t configuration)
    : speed_(speed), configuration_(configuration) {
  ask(What::device, value_of(descriptor_type::device), device_descriptor_size);
}

void DescriptorReader::ask(What what, std::uint16_t value, std::uint16_t length,
                           std::uint8_t number) {
  std::uint16_t index = 0;
  if (what == What::string) index = parts_.language.value_or(english);
  if (what == What::report) index = number;
  questions_.push_back(
      {.what = what,
       .setup = {.request_type = what == What::report ? from_interface : from_device,
                 .request = get_descriptor,
                 .value = value,
                 .index = index,
                 .length = length},
       .number = number});
}

std::optional<Setup> DescriptorReader::question() const {
  if (again_) {
    if (*again_ == answers_.size()) return std::nullopt;
    return answers_[*again_].question.setup;
  }
  if (questions_.empty()) return std::nullopt;
  return questions_.front().setup;
}

Checked<base::Ok> DescriptorReader::answered(std::optional<base::wire::Bytes> untrusted) {
  if (again_) return compare(untrusted);
  const Question question = questions_.front();
  questions_.pop_front();
  // What the kernel does without as well.
  const bool optional = question.what == What::bos_total || question.what == What::languages ||
                        question.what == What::string;
  if (!untrusted && !optional) {
    return Block(name_of(question.setup.value, question.number))
        .broken(0, "", "the device does not give it");
  }
  // The first bytes of a configuration or BOS only tell how many there are.
  const bool total = question.what == What::total || question.what == What::bos_total;
  if (!total || !untrusted) {
    Answer& answer = answers_.emplace_back(Answer{.question = question, .bytes = std::nullopt});
    if (untrusted) answer.bytes.emplace(untrusted->begin(), untrusted->end());
  }
  if (untrusted) {
    if (auto taken = take(question, *untrusted); !taken) return taken;
  }
  if (questions_.empty() && !planned_) return plan_the_rest();
  return base::Ok{};
}

std::u16string DescriptorReader::serial() const {
  const auto found = parts_.strings.find(parts_.device.descriptor.serial_string);
  return found == parts_.strings.end() ? std::u16string() : found->second;
}

Checked<PinnedCopy> DescriptorReader::copy(const Rights& rights) const {
  auto given = given_part(parts_.device, rights);
  if (!given) return base::Unexpected{given.error()};
  PinnedCopy::Parts parts = parts_;
  parts.device = std::move(*given);
  const Configuration* active = parts.device.configuration(parts.reports_of);
  std::erase_if(parts.reports, [active](const auto& report) {
    return active == nullptr || active->interface(report.first) == nullptr;
  });
  return PinnedCopy(std::move(parts), speed_);
}

Checked<base::Ok> DescriptorReader::take(const Question& question, base::wire::Bytes untrusted) {
  switch (question.what) {
    case What::device:
      return take_device(untrusted);
    case What::total: {
      const auto total = total_length(untrusted, question.number);
      if (!total) return base::Unexpected{total.error()};
      ask(What::configuration, question.setup.value, *total, question.number);
      return base::Ok{};
    }
    case What::configuration:
      return take_configuration(question, untrusted);
    case What::bos_total: {
      const auto total = bos_total_length(untrusted);
      if (!total) return base::Unexpected{total.error()};
      ask(What::bos, question.setup.value, *total);
      return base::Ok{};
    }
    case What::bos: {
      auto bos = copy_bos(untrusted);
      if (!bos) return base::Unexpected{bos.error()};
      parts_.bos = std::move(*bos);
      return base::Ok{};
    }
    case What::languages: {
      const auto language = parse_languages(untrusted);
      if (!language) return base::Unexpected{language.error()};
      parts_.language = *language;
      std::size_t left = max_strings;
      for (const std::uint8_t number : named_strings()) {
        if (left-- == 0) break;
        ask(What::string, value_of(descriptor_type::string, number), max_string_length, number);
      }
      return base::Ok{};
    }
    case What::string: {
      auto text = parse_string(untrusted, question.number);
      if (!text) return base::Unexpected{text.error()};
      parts_.strings[question.number] = std::move(*text);
      return base::Ok{};
    }
    case What::report:
      return take_report(question, untrusted);
  }
  return base::Ok{};
}

Checked<base::Ok> DescriptorReader::take_device(base::wire::Bytes untrusted) {
  const auto device = parse_device(untrusted, speed_);
  if (!device) return base::Unexpected{device.error()};
  parts_.device.descriptor = *device;
  for (std::uint8_t i = 0; i < device->configurations; ++i) {
    ask(What::total, value_of(descriptor_type::configuration, i), configuration_header_size, i);
  }
  if (device->usb_version >= first_version_with_bos) {
    ask(What::bos_total, value_of(descriptor_type::bos), bos_header_size);
  }
  return base::Ok{};
}

Checked<base::Ok> DescriptorReader::take_configuration(const Question& question,
                                                       base::wire::Bytes untrusted) {
  auto parsed = ConfigurationParser(question.number, speed_).parse(untrusted);
  if (!parsed) return base::Unexpected{parsed.error()};
  return add_configuration(parts_.device, std::move(*parsed), question.number);
}

// Strings and reports, once it is known which ones there are.
Checked<base::Ok> DescriptorReader::plan_the_rest() {
  planned_ = true;
  const Configuration* active = parts_.device.configuration(configuration_);
  if (active == nullptr && configuration_ != 0) {
    return Block("device").broken(0, "",
                                  "the configuration in use, " + std::to_string(configuration_) +
                                      ", is none of those that it describes");
  }
  parts_.reports_of = configuration_;
  if (!named_strings().empty()) {
    ask(What::languages, value_of(descriptor_type::string), max_string_length);
  }
  if (active == nullptr) return base::Ok{};
  for (const DescribedInterface& interface : active->interfaces) {
    std::optional<std::uint16_t> size;
    for (const Alternate& alternate : interface.alternates) {
      if (!alternate.report_size) continue;
      if (size && size != alternate.report_size) {
        return Block(name_of(0, interface.number))
            .broken(0, "", "the interface's settings have reports of different lengths");
      }
      size = alternate.report_size;
    }
    if (!size) continue;
    ask(What::report, value_of(descriptor_type::hid_report), *size, interface.number);
  }
  return base::Ok{};
}

Checked<base::Ok> DescriptorReader::take_report(const Question& question,
                                                base::wire::Bytes untrusted) {
  const Block block(name_of(question.setup.value, question.number));
  if (untrusted.size() != question.setup.length) {
    return block.broken(untrusted.size(), "",
                        "it ends here, but the HID descriptor says " +
                            std::to_string(question.setup.length) + " bytes");
  }
  const auto facts = check_report(untrusted, question.number);
  if (!facts) return base::Unexpected{facts.error()};
  const Configuration* active = parts_.device.configuration(configuration_);
  for (const Alternate& one : active->interface(question.number)->alternates) {
    if (one.kind != boot_mouse || !facts->types_keys) continue;
    return block.broken(0, "", "the interface says that it is a mouse, but it types keys");
  }
  parts_.reports[question.number] = {untrusted.begin(), untrusted.end()};
  return base::Ok{};
}

std::set<std::uint8_t> DescriptorReader::named_strings() const {
  const DeviceDescriptor& device = parts_.device.descriptor;
  std::set<std::uint8_t> numbers{device.manufacturer_string, device.product_string,
                                 device.serial_string};
  for (const Configuration& one : parts_.device.configurations) {
    numbers.insert(one.name_string);
    for (const Association& association : one.associations) numbers.insert(association.name_string);
    for (const DescribedInterface& interface : one.interfaces) {
      for (const Alternate& alternate : interface.alternates) {
        numbers.insert(alternate.name_string);
        add_named_strings(alternate, numbers);
      }
    }
  }
  numbers.erase(0);
  return numbers;
}

void DescriptorReader::again(std::uint8_t configuration) {
  reports_ = configuration == parts_.reports_of;
  again_ = 0;
  skip_reports();
}

void DescriptorReader::skip_reports() {
  while (!reports_ && *again_ < answers_.size() &&
         answers_[*again_].question.what == What::report) {
    ++*again_;
  }
}

Checked<base::Ok> DescriptorReader::compare(std::optional<base::wire::Bytes> untrusted) {
  const Answer& before = answers_[*again_];
  ++*again_;
  skip_reports();
  const Block block(name_of(before.question.setup.value, before.question.number));
  if (!before.bytes && !untrusted) return base::Ok{};
  if (!before.bytes || !untrusted) {
    return block.broken(0, "",
                        untrusted ? "the device did not give it before, and does now"
                                  : "the device gave it before, and does not now");
  }
  const auto [first, second] = std::mismatch(before.bytes->begin(), before.bytes->end(),
                                             untrusted->begin(), untrusted->end());
  if (first == before.bytes->end() && second == untrusted->end()) return base::Ok{};
  return block.broken(static_cast<std::size_t>(first - before.bytes->begin()), "",
                      "it is not what it was when it was read before");
}

}  // namespace usbproxy::firewall
