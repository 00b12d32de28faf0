// SPDX-License-Identifier: GPL-2.0-or-later
// A device that answers anything when its descriptors are read. Checks that the questions end, that
// an accepted copy keeps every rule itself (it is accepted again and copied to the same bytes), and
// that the copy answers nothing beyond what was asked for.
//
// Input: one byte speed, one byte configuration in use, then the answers in the order of the
// questions: u16 length (0xffff: the device does not give it), then that many bytes.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "usbproxy/firewall/bos.hpp"
#include "usbproxy/firewall/canonical.hpp"
#include "usbproxy/firewall/configuration_parser.hpp"
#include "usbproxy/firewall/control_rules.hpp"
#include "usbproxy/firewall/descriptor_reader.hpp"
#include "usbproxy/firewall/device_descriptor.hpp"

namespace {

using namespace usbproxy;
using namespace usbproxy::firewall;
using base::wire::Bytes;

void require(bool condition) {
  if (!condition) std::abort();
}

void copy_is_its_own_copy(const PinnedCopy& copy, Speed speed) {
  const Device& device = copy.device();
  const auto bytes = write_device(device.descriptor);
  const auto again = parse_device(bytes, speed);
  require(again.has_value() && write_device(*again) == bytes);
  std::size_t index = 0;
  for (const Configuration& one : device.configurations) {
    const auto whole = write_configuration(one, speed);
    require(whole.size() <= max_configuration_size);
    const auto parsed = ConfigurationParser(index++, speed).parse(whole);
    require(parsed.has_value() && parsed->dropped == 0);
    require(write_configuration(*parsed, speed) == whole);
  }
}

void ask_the_copy(const PinnedCopy& copy) {
  for (const Configuration& one : copy.device().configurations) {
    const Setting setting{.configuration = one.value, .alternates = {}};
    for (unsigned type = 0; type < 0x30; ++type) {
      for (std::uint16_t index = 0; index < 20; ++index) {
        const auto value = static_cast<std::uint16_t>(type << 8U | index % 4U);
        copy.find({.request_type = 0x80, .request = 6, .value = value, .index = index}, setting);
        copy.find({.request_type = 0x81, .request = 6, .value = value, .index = index}, setting);
        judge({}, {.request_type = 0xa1, .request = 1, .value = value, .index = index},
              copy.device(), setting);
      }
    }
  }
}

// The answer, no longer than was asked for; nothing: a stall.
std::optional<Bytes> next_answer(base::wire::Reader& in, std::uint16_t asked) {
  const std::uint16_t length = in.u16();
  if (length == 0xffff) return std::nullopt;
  return in.take(std::min<std::size_t>(std::min(length, asked), in.rest().size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::wire::Reader in(std::as_bytes(std::span(data, size)));
  const Speed speed{static_cast<std::uint8_t>(in.u8() % 4)};
  const std::uint8_t configuration = in.u8();
  DescriptorReader reader(speed, configuration);
  constexpr int most_questions = 1 + 2 * 4 + 2 + 1 + 64 + 16;
  std::vector<std::optional<Bytes>> given;
  while (const auto question = reader.question()) {
    require(given.size() < most_questions);
    const auto answer = next_answer(in, question->length);
    const bool heads_only = question->length == 9 || question->length == 5;
    if (!heads_only || !answer) given.push_back(answer);
    if (!reader.answered(answer)) return 0;
  }
  const auto whole = reader.copy({});
  if (!whole) return 0;  // a vendor-specific interface without endpoints, and nothing else
  const PinnedCopy& copy = *whole;
  copy_is_its_own_copy(copy, speed);
  ask_the_copy(copy);
  // Parts of it are as good as the whole.
  for (const char* words : {"read-only=yes", "interfaces=0,2", "interfaces=u03****,USB_Storage"}) {
    const auto part = reader.copy(*Rights::parse(words));
    if (!part) continue;
    copy_is_its_own_copy(*part, speed);
    ask_the_copy(*part);
  }
  // A second round: the same answers are the same; one other byte is not.
  reader.again(configuration);
  for (std::size_t i = 0; reader.question(); ++i) {
    if (i >= given.size() || !reader.answered(given[i])) return 0;
  }
  return 0;
}
