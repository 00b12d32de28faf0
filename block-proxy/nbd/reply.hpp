// SPDX-License-Identifier: GPL-2.0-or-later
// Replies of a server, encoded.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "block-proxy/nbd/protocol.hpp"

namespace blockproxy::nbd {

enum class Last { no, yes };  // whether a chunk ends its reply

// Alone for a request without data in its reply; before the data of a simple read.
std::array<std::byte, simple_reply_size> simple_reply(Cookie cookie, WireError error);

// Before `length` bytes of data that belong at `offset`.
std::array<std::byte, data_header_size> data_chunk(Cookie cookie, std::uint64_t offset,
                                                   std::uint32_t length, Last last);
std::array<std::byte, data_header_size + 4> hole_chunk(Cookie cookie, std::uint64_t offset,
                                                       std::uint32_t length, Last last);

// Ends a structured reply. The message is for people and is cut at 255 bytes.
void append_error_chunk(std::vector<std::byte>& out, Cookie cookie, WireError error,
                        std::string_view message);
// The same, naming the offset from which on the read failed.
void append_error_offset_chunk(std::vector<std::byte>& out, Cookie cookie, WireError error,
                               std::string_view message, std::uint64_t offset);

// base:allocation of a run of bytes.
struct Extent {
  std::uint32_t length = 0;
  std::uint32_t state = 0;  // state_hole, state_zero
};
// Ends a reply to a block status request; `extents` is not empty.
void append_block_status(std::vector<std::byte>& out, Cookie cookie, std::uint32_t context,
                         std::span<const Extent> extents);

}  // namespace blockproxy::nbd
