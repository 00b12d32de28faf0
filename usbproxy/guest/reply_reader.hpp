// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the USB/IP replies that a session writes: the other end of usbip.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/wire/reader.hpp"

namespace usbproxy::guest {

struct Reply {
  enum class Kind { submit, unlink } kind = Kind::submit;
  std::uint32_t seqnum = 0;     // of the submit that is answered, or the unlink's own
  std::int32_t status = 0;      // 0 or a negated errno
  std::uint32_t actual = 0;     // bytes moved
  base::wire::Bytes data = {};  // IN: `actual` bytes
};

// Whole messages as OutQueue hands them to its writer: in order, the last one's data perhaps in a
// part of its own.
class ReplyReader {
 public:
  explicit ReplyReader(std::span<const base::wire::Bytes> parts) : parts_(parts) {}
  // Nothing: no more. Not a copy: the data lies where it lay.
  std::optional<Reply> next();

 private:
  // Exactly `size` bytes from one part; empty if there are not so many.
  base::wire::Bytes take(std::size_t size);

  std::span<const base::wire::Bytes> parts_;
  std::size_t part_ = 0;
  std::size_t at_ = 0;  // in it
};

}  // namespace usbproxy::guest
