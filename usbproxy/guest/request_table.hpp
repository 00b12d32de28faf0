// SPDX-License-Identifier: GPL-2.0-or-later
// What a QEMU's usb-redir has asked for and was not answered yet, and in which order it must be.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <optional>
#include <unordered_map>
#include <vector>

#include "usbproxy/redir_packet.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::guest {

// One of QEMU's requests; it is what the answer is built from.
struct Request {
  std::uint64_t id = 0;  // QEMU's
  redir::PacketType type = redir::PacketType::control_packet;
  std::uint8_t endpoint = 0;  // address; 0 for all that goes to endpoint 0
  Setup setup = {};           // endpoint 0
  std::uint32_t length = 0;   // as asked
  std::uint32_t stream = 0;   // of the endpoint; 0: it has none
  std::uint32_t sent = 0;     // bytes of data that came with it
};
// An answer, whether it may leave yet or not.
struct Answer {
  std::uint8_t status = redir::status::success;
  std::uint32_t actual = 0;
  std::vector<std::byte> data = {};
};

// QEMU completes a packet only as the first of its endpoint's queue, and aborts on any other
// (hw/usb/core.c, usb_packet_complete_one). So an answer leaves when all earlier requests of its
// endpoint are answered; until then it waits here. A request that QEMU has given up is in its queue
// no longer and holds nobody up. Those of streams it takes in any order, but they hold up others.
//
// Ids are QEMU's own: addresses in its guest's memory, used again and again, but never twice at a
// time. Numbers are ours.
class RequestTable {
 public:
  using Number = std::uint32_t;
  // Of each endpoint 0 to 15 and direction; both directions of endpoint 0 are one queue in QEMU.
  static constexpr std::size_t queues = redir::endpoint_slots;

  explicit RequestTable(std::pmr::memory_resource* memory) : requests_(memory), numbers_(memory) {
    order_.reserve(queues);
    for (std::size_t i = 0; i < queues; ++i) order_.emplace_back(memory);
  }

  // `number` must be unused. False: QEMU uses the id of a pending request again.
  [[nodiscard]] bool add(Number number, const Request& request);
  bool uses(Number number) const { return requests_.contains(number); }
  std::size_t size() const { return requests_.size(); }
  std::size_t bytes_sent() const { return bytes_sent_; }  // with all of them
  // The request, if it waits for its answer.
  const Request* find(Number number) const;
  bool is_first(Number number) const;
  // Keeps the answer of a request that is not the first of its endpoint.
  void hold(Number number, Answer answer);
  // Forgets a request that was answered.
  void erase(Number number);

  struct Ready {
    Request request;
    Answer answer;
  };
  // The first of the endpoint, if its answer waits: taken out.
  std::optional<Ready> take_ready(std::uint8_t endpoint);
  // Forgets what has this id. Nothing: there is none, it was answered.
  struct Dropped {
    Number number = 0;
    Request request;
    bool was_answered = false;  // nobody works on it any more
  };
  std::optional<Dropped> drop(std::uint64_t id);

 private:
  struct Entry {
    Request request;
    std::optional<Answer> held;
  };
  static std::size_t queue_of(std::uint8_t endpoint) {
    return (endpoint & 0x0fU) == 0 ? 0 : redir::slot_of(endpoint);
  }

  std::pmr::unordered_map<Number, Entry> requests_;
  std::pmr::unordered_map<std::uint64_t, Number> numbers_;  // by QEMU's id
  std::vector<std::pmr::deque<Number>> order_;
  std::size_t bytes_sent_ = 0;
};

}  // namespace usbproxy::guest
