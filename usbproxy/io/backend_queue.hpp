// SPDX-License-Identifier: GPL-2.0-or-later
// Packets that libusbredirhost made and that wait for the stream, written many at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

struct usbredirhost;

namespace usbproxy {

// The library's own memory, given back to it.
struct FreePacket {
  usbredirhost* host = nullptr;
  void operator()(std::uint8_t* data) const noexcept;
};
using PacketMemory = std::unique_ptr<std::uint8_t, FreePacket>;

// Holds what it is given; the session keeps it short by not asking the library for more.
class PacketQueue {
 public:
  enum class Written { all, some, closed, failed };

  void push(PacketMemory memory, std::size_t size);
  // A packet that is not the library's.
  void push(std::vector<std::byte> packet);
  // As much as the stream takes now. `failed` leaves errno.
  Written write_to(const base::io::Fd& stream);
  std::size_t bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return packets_.empty(); }

 private:
  struct Entry {
    PacketMemory memory;  // null: `own` is the packet
    std::size_t size = 0;
    std::vector<std::byte> own = {};
    void* from(std::size_t skip);
  };
  void consume(std::size_t count);

  std::deque<Entry> packets_;
  std::size_t written_ = 0;  // of the first
  std::size_t bytes_ = 0;
};

}  // namespace usbproxy
