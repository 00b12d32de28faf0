// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/iso_buffer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace usbproxy {

IsoBuffer::IsoBuffer(std::size_t packet_size)
    : packet_size_(packet_size),
      capacity_(capacity_of(packet_size)),
      bytes_(std::make_unique_for_overwrite<std::byte[]>(capacity_ * packet_size)),
      places_(std::make_unique<Place[]>(capacity_)) {}

IsoBuffer::Arrival IsoBuffer::arrive(std::uint64_t id, const Packet& packet, std::size_t keep,
                                     std::size_t most) {
  Arrival done;
  if (id > next_id_)
    done.lost = static_cast<std::size_t>(
        std::min<std::uint64_t>(id - next_id_, std::uint64_t{max_packets}));
  next_id_ = id + 1;
  most = std::min(most, capacity_);
  keep = std::min(keep, most);
  // What is older than that is given up anyway.
  for (std::size_t i = std::min(done.lost, keep); i > 0; --i) {
    if (size_ == capacity_) drop(1);
    push({.status = -EXDEV, .data = {}});
  }
  if (size_ == capacity_) {
    drop(1);
    ++done.dropped;
  }
  push(packet);
  if (size_ > most) {
    done.dropped += size_ - keep;
    drop(size_ - keep);
  }
  return done;
}

void IsoBuffer::push(const Packet& packet) {
  const std::size_t at = (first_ + size_) % capacity_;
  const std::size_t size = std::min(packet.data.size(), packet_size_);
  places_[at] = {.status = packet.status, .size = static_cast<std::uint16_t>(size)};
  std::copy_n(packet.data.begin(), size, bytes_.get() + at * packet_size_);
  ++size_;
}

IsoBuffer::Packet IsoBuffer::pop() {
  if (size_ == 0) std::abort();  // our own fault, and never a peer's
  const Place& place = places_[first_];
  const Packet packet{.status = place.status,
                      .data = {bytes_.get() + first_ * packet_size_, place.size}};
  drop(1);
  return packet;
}

void IsoBuffer::drop(std::size_t count) {
  first_ = (first_ + count) % capacity_;
  size_ -= count;
}

void IsoBuffer::clear() {
  size_ = 0;
  next_id_ = 0;
}

}  // namespace usbproxy
