// SPDX-License-Identifier: GPL-2.0-or-later
// The packets of one isochronous IN endpoint between the stream that brings them as it can and the
// clock that takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/wire/reader.hpp"

namespace usbproxy {

// First in, first out; each place is one service interval of the device. Owns memory of a fixed
// size, which the operating system gives only as far as it is used. A full buffer gives up its
// oldest packets, down to what should wait: one gap, and then the delay is right again.
class IsoBuffer {
 public:
  static constexpr std::size_t max_packets = 2048;
  static constexpr std::size_t max_bytes = std::size_t{2} * 1024 * 1024;
  // How many packets of up to `packet_size` bytes (1..65535) there is memory for.
  static constexpr std::size_t capacity_of(std::size_t packet_size) {
    return max_bytes / packet_size < max_packets ? max_bytes / packet_size : max_packets;
  }

  struct Packet {
    std::int32_t status = 0;  // 0 or a negated errno
    base::wire::Bytes data;   // valid until the next arrive()
  };
  // What an arrival told or did, in packets.
  struct Arrival {
    std::size_t lost = 0;     // ids that were skipped; at most max_packets are told
    std::size_t dropped = 0;  // given up
  };

  explicit IsoBuffer(std::size_t packet_size);

  // The backend counts its packets: a gap in the ids are packets that it lost, each an interval
  // too. A count that goes back began anew. `data` is at most packet_size bytes. `keep` packets are
  // kept when more than `most` wait; 1 <= keep <= most.
  Arrival arrive(std::uint64_t id, const Packet& packet, std::size_t keep, std::size_t most);
  // Only while !empty().
  Packet pop();
  // Forgets the packets and the count.
  void clear();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

 private:
  struct Place {
    std::int32_t status = 0;
    std::uint16_t size = 0;
  };
  void push(const Packet& packet);
  void drop(std::size_t count);

  std::size_t packet_size_;
  std::size_t capacity_;
  std::unique_ptr<std::byte[]> bytes_;  // capacity_ times packet_size_
  std::unique_ptr<Place[]> places_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::uint64_t next_id_ = 0;
};

}  // namespace usbproxy
