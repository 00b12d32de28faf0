// SPDX-License-Identifier: GPL-2.0-or-later
// Recognising bulk-only mass storage and its commands.
#include "usbproxy/bot_pipeline.hpp"

#include <cstdlib>

namespace usbproxy {
namespace {

// Length of the command block that carries a READ or WRITE of this direction; 0: another command.
std::size_t block_length(std::uint8_t opcode, usbip::Direction direction) {
  const bool in = direction == usbip::Direction::in;
  switch (opcode) {
    case 0x28:  // READ(10)
      return in ? 10 : 0;
    case 0x2a:  // WRITE(10)
      return in ? 0 : 10;
    case 0x88:  // READ(16)
      return in ? 16 : 0;
    case 0x8a:  // WRITE(16)
      return in ? 0 : 16;
    default:
      return 0;
  }
}

}  // namespace

std::optional<BotCommand> BotCommand::parse(base::wire::Bytes bytes) {
  constexpr std::uint32_t signature = 0x43425355;  // "USBC"
  constexpr std::uint32_t sector = 512;
  if (bytes.size() != size) return std::nullopt;
  base::wire::Reader in(bytes);
  const bool signed_well = in.u32() == signature;
  in.u32();  // tag: comes back in the status, for the target to compare
  const std::uint32_t length = in.u32();
  const std::uint8_t flags = in.u8();
  const std::uint8_t lun = in.u8();
  const std::uint8_t block = in.u8();
  const std::uint8_t opcode = in.u8();
  if (!signed_well || (flags & 0x7fU) != 0 || lun > 15) return std::nullopt;
  if (length == 0 || length > max_length || length % sector != 0) return std::nullopt;
  const auto direction = flags == 0x80 ? usbip::Direction::in : usbip::Direction::out;
  if (const std::size_t wanted = block_length(opcode, direction); wanted == 0 || block != wanted) {
    return std::nullopt;
  }
  return BotCommand{.direction = direction, .length = length};
}

std::optional<BotEndpoints> find_bot_endpoints(const DeviceTable& device) {
  constexpr InterfaceClass bulk_only{.code = 0x08, .subclass = 0x06, .protocol = 0x50};
  BotEndpoints found;
  for (std::size_t slot = 0; slot < redir::endpoint_slots; ++slot) {
    const Endpoint& endpoint = device.endpoints()[slot];
    if (endpoint.type != redir::endpoint_type::bulk ||
        device.interface_class(endpoint.interface_number) != bulk_only) {
      continue;
    }
    const bool in = slot >= 16;
    std::uint8_t& address = in ? found.in : found.out;
    if (address != 0) return std::nullopt;  // two of a kind: not the simple case
    address = static_cast<std::uint8_t>(in ? 0x80U | (slot - 16) : slot);
  }
  if (found.in == 0 || found.out == 0) return std::nullopt;
  if (device.endpoint(found.in).interface_number != device.endpoint(found.out).interface_number) {
    return std::nullopt;
  }
  return found;
}

Ahead& AheadQueue::push_back(std::uint64_t id, std::uint32_t asked) {
  if (size_ == max_size) std::abort();  // our own fault, and never a peer's
  Ahead& one = at(size_++);
  one.id = id;
  one.asked = asked;
  one.answered = false;
  one.status = 0;
  one.data.clear();
  one.given = 0;
  return one;
}

void AheadQueue::pop_front() {
  if (size_ == 0) std::abort();
  first_ = (first_ + 1) % max_size;
  --size_;
}

void AheadQueue::pop_back() {
  if (size_ == 0) std::abort();
  --size_;
}

Ahead* AheadQueue::find(std::uint64_t id) {
  for (std::size_t i = 0; i < size_; ++i) {
    if (at(i).id == id) return &at(i);
  }
  return nullptr;
}

}  // namespace usbproxy
