// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's requests that wait for one isochronous endpoint.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/usbip.hpp"

namespace usbproxy {

struct IsoRequest {
  std::uint32_t seqnum = 0;
  bool sent = false;                     // OUT: its packets are with the backend, or given up
  std::vector<usbip::IsoPlace> packets;  // at least one
  std::vector<std::byte> data;           // OUT: the transfer's buffer, until it is sent
};

// In the kernel's order. Places and their memory are used again, so that a request allocates
// nothing once the largest has been seen.
class IsoQueue {
 public:
  static constexpr std::size_t max_requests = 64;
  static constexpr std::size_t max_packets = 8192;
  static constexpr std::size_t max_bytes = std::size_t{4} * 1024 * 1024;

  // Whether one more with so many packets, and bytes to keep, may come.
  bool has_room(std::size_t packets, std::size_t bytes) const;
  // Copies both. Only while has_room().
  void push_back(std::uint32_t seqnum, std::span<const usbip::IsoPlace> packets,
                 base::wire::Bytes data);
  // Its data is not needed any more.
  void mark_sent(IsoRequest& request);
  // Nothing happens without one.
  void erase(std::uint32_t seqnum);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // The oldest. Only while !empty().
  const IsoRequest& front() const { return places_[first_]; }
  // Only below size(). It stays where it is until one is erased.
  IsoRequest& at(std::size_t index) { return places_[(first_ + index) % max_requests]; }

 private:
  std::array<IsoRequest, max_requests> places_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t packets_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace usbproxy
