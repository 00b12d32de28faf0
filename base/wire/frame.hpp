// SPDX-License-Identifier: GPL-2.0-or-later
// Length-prefixed frames: u32 little endian length, then that many payload bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace base::wire {

enum class FrameError { too_long };

inline constexpr std::size_t frame_header_size = 4;
// Control messages are records of a few hundred bytes; the largest is one inventory record.
inline constexpr std::size_t max_frame_payload = std::size_t{8} * 1024;

// Turns a byte stream into frames. Owns no fd: push bytes in, take frames out until there are
// none, then push again. Holds at most one push more than one frame.
class FrameDecoder {
 public:
  using Payload = std::vector<std::byte>;

  void push(Bytes untrusted);
  // The next whole frame, or nothing yet. An error ends the stream for good.
  Result<std::optional<Payload>, FrameError> next();
  // Forgets all that came, the bytes that were taken out already too.
  void wipe();

 private:
  std::vector<std::byte> pending_;
};

// Appends one frame to `out`. The payload is ours and must fit (checked, aborts: our bug).
void append_frame(std::vector<std::byte>& out, Bytes payload);

}  // namespace base::wire
