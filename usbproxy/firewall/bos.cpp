// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/bos.hpp"

#include <optional>
#include <set>

#include "base/wire/writer.hpp"
#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {
namespace {

constexpr std::uint8_t superspeed_plus = 0x0a;

// bDevCapabilityType (USB 3.2, table 9-14) with the length that it must have; nothing: not copied.
std::optional<std::size_t> length_of(const Descriptor& in) {
  switch (in.u8(2)) {
    case 0x02:  // USB 2.0 extension
      return 7;
    case 0x03:  // SuperSpeed
      return 10;
    case 0x04:  // container id
      return 20;
    case superspeed_plus:  // one more attribute than it says (9.6.2.5)
      return 12 + 4 * (std::size_t{in.u8(4)} % 32 + 1);
    case 0x0b:  // precision time measurement
      return 3;
    default:
      return std::nullopt;
  }
}

}  // namespace

Checked<std::uint16_t> bos_total_length(base::wire::Bytes untrusted) {
  const Block block("BOS");
  const Descriptor in{.offset = 0, .bytes = untrusted};
  if (in.size() < bos_header_size || in.u8(0) != bos_header_size ||
      in.type() != descriptor_type::bos) {
    return block.broken(0, "", "no BOS descriptor of 5 bytes (USB 3.2, 9.6.2)");
  }
  const std::uint16_t total = in.u16(2);
  if (total < bos_header_size || total > max_bos_size) {
    return block.broken(
        2, "",
        "wTotalLength " + std::to_string(total) + " is not 5 to " + std::to_string(max_bos_size));
  }
  return total;
}

Checked<std::vector<std::byte>> copy_bos(base::wire::Bytes untrusted) {
  const Block block("BOS");
  const auto total = bos_total_length(untrusted);
  if (!total) return base::Unexpected{total.error()};
  if (*total != untrusted.size()) {
    return block.broken(2, "",
                        "wTotalLength " + std::to_string(*total) + ", but " +
                            std::to_string(untrusted.size()) + " bytes came");
  }
  const std::size_t said = std::to_integer<std::size_t>(untrusted[4]);
  std::vector<std::byte> body;
  std::set<std::uint8_t> seen;
  std::size_t count = 0;
  base::wire::Bytes rest = untrusted.subspan(bos_header_size);
  while (!rest.empty()) {  // each round takes two bytes at least
    const auto in = block.take(rest, untrusted);
    if (!in) return base::Unexpected{in.error()};
    if (in->type() != descriptor_type::capability || in->size() < 3) {
      return block.broken(in->offset, "", "no device capability (USB 3.2, 9.6.2)");
    }
    if (++count > max_capabilities) {
      return block.broken(in->offset, "",
                          "more than " + std::to_string(max_capabilities) + " capabilities");
    }
    const auto length = length_of(*in);
    if (!length) continue;
    const std::string subject = "capability " + hex_byte(in->u8(2));
    if (in->size() != *length) {
      return block.broken(in->offset, subject,
                          "bLength " + std::to_string(in->size()) + " is not " +
                              std::to_string(*length) + " (USB 3.2, 9.6.2)");
    }
    if (!seen.insert(in->u8(2)).second) {
      return block.broken(in->offset, subject, "it is there twice");
    }
    body.insert(body.end(), in->bytes.begin(), in->bytes.end());
  }
  if (count != said) {
    return block.broken(
        4, "",
        "bNumDeviceCaps " + std::to_string(said) + ", but " + std::to_string(count) + " follow");
  }
  std::vector<std::byte> out;
  base::wire::Writer(out)
      .u8(bos_header_size)
      .u8(descriptor_type::bos)
      .u16(static_cast<std::uint16_t>(bos_header_size + body.size()))
      .u8(static_cast<std::uint8_t>(seen.size()))
      .bytes(body);
  return out;
}

}  // namespace usbproxy::firewall
