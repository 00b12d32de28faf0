// SPDX-License-Identifier: GPL-2.0-or-later
// InputBuffer: see the header.
#include "usbproxy/input_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace usbproxy {

void InputBuffer::commit(std::size_t count) noexcept { end_ += std::min(count, capacity_ - end_); }

void InputBuffer::consume(std::size_t count) noexcept {
  begin_ += std::min(count, end_ - begin_);
  if (begin_ == end_) begin_ = end_ = 0;
}

// Called when less than a quarter of the memory is left behind the unread bytes. Moving at most
// half of it then follows at least a quarter of it in new bytes, so moving is linear in what came.
void InputBuffer::make_room() {
  const std::size_t held = end_ - begin_;
  if (held <= capacity_ / 2 && capacity_ > 0) {
    std::memmove(memory_.get(), memory_.get() + begin_, held);
  } else {
    const std::size_t larger = std::max(capacity_ * 2, initial_capacity);
    auto memory = std::make_unique_for_overwrite<std::byte[]>(larger);
    if (held > 0) std::memcpy(memory.get(), memory_.get() + begin_, held);
    memory_ = std::move(memory);
    capacity_ = larger;
  }
  begin_ = 0;
  end_ = held;
}

std::span<std::byte> InputBuffer::prepare() {
  if (capacity_ == 0 || capacity_ - end_ < capacity_ / 4) {
    if (end_ - begin_ >= limit_) return {};  // full: do not grow for nothing
    make_room();
  }
  const std::size_t room = limit_ - std::min(limit_, end_ - begin_);
  return {memory_.get() + end_, std::min(capacity_ - end_, room)};
}

bool InputBuffer::push(base::wire::Bytes bytes) {
  if (bytes.size() > limit_ - std::min(limit_, end_ - begin_)) return false;
  while (!bytes.empty()) {
    const auto room = prepare();
    const std::size_t count = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), count);
    commit(count);
    bytes = bytes.subspan(count);
  }
  return true;
}

}  // namespace usbproxy
