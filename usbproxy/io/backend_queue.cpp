// SPDX-License-Identifier: GPL-2.0-or-later
// Gathered writes of queued packets; see the header.
#include "usbproxy/io/backend_queue.hpp"

#include <sys/uio.h>
#include <usbredirhost.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace usbproxy {
namespace {

constexpr std::size_t max_gathered = 64;

}  // namespace

void FreePacket::operator()(std::uint8_t* data) const noexcept {
  ::usbredirhost_free_write_buffer(host, data);
}

void PacketQueue::push(PacketMemory memory, std::size_t size) {
  packets_.push_back(Entry{.memory = std::move(memory), .size = size});
  bytes_ += size;
}

void PacketQueue::push(std::vector<std::byte> packet) {
  const std::size_t size = packet.size();
  packets_.push_back(Entry{.memory = nullptr, .size = size, .own = std::move(packet)});
  bytes_ += size;
}

void* PacketQueue::Entry::from(std::size_t skip) {
  if (memory) return memory.get() + skip;
  return own.data() + skip;
}

PacketQueue::Written PacketQueue::write_to(const base::io::Fd& stream) {
  while (!packets_.empty()) {
    std::array<iovec, max_gathered> parts{};
    const std::size_t count = std::min(packets_.size(), max_gathered);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t skip = i == 0 ? written_ : 0;
      parts[i] = {.iov_base = packets_[i].from(skip), .iov_len = packets_[i].size - skip};
    }
    const ssize_t written = ::writev(stream.get(), parts.data(), static_cast<int>(count));
    if (written < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return Written::some;
      return errno == EPIPE || errno == ECONNRESET ? Written::closed : Written::failed;
    }
    consume(static_cast<std::size_t>(written));
  }
  return Written::all;
}

void PacketQueue::consume(std::size_t count) {
  bytes_ -= count;
  while (count > 0) {
    const std::size_t left = packets_.front().size - written_;
    if (count < left) {
      written_ += count;
      return;
    }
    count -= left;
    packets_.pop_front();
    written_ = 0;
  }
}

}  // namespace usbproxy
