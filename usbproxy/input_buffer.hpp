// SPDX-License-Identifier: GPL-2.0-or-later
// The unread bytes of one stream in one piece of memory that grows only as bytes arrive.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/wire/reader.hpp"

namespace usbproxy {

// A reader asks for room, reads into it and commits what came; a parser looks at unread() and
// consumes from its front. Views of unread() stay valid until the next prepare() or push(): only
// those move bytes. Memory doubles only when more than half of it holds bytes that really came, so
// a peer that announces a length costs nothing until it sends it, and a byte is moved a bounded
// number of times however the stream is cut.
class InputBuffer {
 public:
  static constexpr std::size_t initial_capacity = std::size_t{512} * 1024;

  // At most `limit` unread bytes are ever held.
  explicit InputBuffer(std::size_t limit) : limit_(limit) {}

  // Room for some bytes: at least a quarter of the memory, unless `limit` is near; empty only when
  // `limit` unread bytes are held.
  std::span<std::byte> prepare();
  void commit(std::size_t count) noexcept;
  // Copies `bytes` in; false, and nothing is taken, when they do not fit in the limit.
  bool push(base::wire::Bytes bytes);

  base::wire::Bytes unread() const noexcept { return {memory_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t count) noexcept;

 private:
  void make_room();

  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t limit_;
};

}  // namespace usbproxy
