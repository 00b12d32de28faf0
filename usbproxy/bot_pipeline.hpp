// SPDX-License-Identifier: GPL-2.0-or-later
// USB mass storage, bulk-only transport: what the target is about to ask for, read from its own
// command, so that it can be asked for before the target does.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <optional>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/device_table.hpp"
#include "usbproxy/usbip.hpp"

namespace usbproxy {

// A command wrapper that announces the data of one READ or WRITE (USB Mass Storage Class,
// Bulk-Only Transport 1.0, 5.1). It comes from the target, but is checked all the same: anything
// unusual goes the plain way.
struct BotCommand {
  usbip::Direction direction = usbip::Direction::in;
  std::uint32_t length = 0;  // 1..max_length

  static constexpr std::size_t size = 31;
  static constexpr std::uint32_t max_length = 1024 * 1024;
  static std::optional<BotCommand> parse(base::wire::Bytes bytes);
};
inline constexpr std::uint32_t bot_status_size = 13;

// The two endpoints of the device's only bulk-only interface.
struct BotEndpoints {
  std::uint8_t in = 0, out = 0;
};
std::optional<BotEndpoints> find_bot_endpoints(const DeviceTable& device);

// An IN transfer that was sent ahead of the target's request.
struct Ahead {
  std::uint64_t id = 0;
  std::uint32_t asked = 0;
  bool answered = false;
  std::uint8_t status = 0;
  std::vector<std::byte> data;  // answered before the target asked
  std::size_t given = 0;        // of data, to the target
};

// These transfers in the device's order. Their places and memory are used again, so that a command
// allocates nothing; what is kept for good is max_size times BotCommand::max_length at most. An
// Ahead stays where it is until it is popped.
class AheadQueue {
 public:
  static constexpr std::size_t max_size = 2;  // the data and the status of one command

  // Only while size() < max_size: the session never sends a third one.
  Ahead& push_back(std::uint64_t id, std::uint32_t asked);
  void pop_front();
  void pop_back();
  void clear() { size_ = 0; }
  // Null: none with this id.
  Ahead* find(std::uint64_t id);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  Ahead& front() { return at(0); }
  Ahead& back() { return at(size_ - 1); }

 private:
  Ahead& at(std::size_t index) { return places_[(first_ + index) % max_size]; }

  std::array<Ahead, max_size> places_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

// What was sent ahead of the target's requests, and what came back for it. The session sends and
// answers; this only keeps the order: the data and the status of one command, as one byte stream
// whose transfers end where the device ended them.
struct BotPipeline {
  explicit BotPipeline(std::pmr::memory_resource* memory) : waiting(memory) {}

  std::optional<BotEndpoints> endpoints;
  AheadQueue ahead;                        // one unanswered at most
  std::pmr::deque<std::uint32_t> waiting;  // the target's IN requests that `ahead` will answer
  std::uint64_t command_id = 0;            // a command whose reply is still to come, or 0
  bool status_next = false;                // ask for the status once the data in `ahead` came
  std::uint32_t write_left = 0;  // OUT bytes that the command announced and that did not come yet
  std::optional<std::uint32_t> last_write;  // the request with the last of them
  std::uint64_t last_id = 0;
  bool plain = false;             // something sent ahead failed: the plain way from here on
  std::uint64_t recovery_id = 0;  // a CLEAR_FEATURE of ours whose answer is still to come, or 0
};

}  // namespace usbproxy
