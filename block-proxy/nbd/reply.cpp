// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/reply.hpp"

#include "base/wire/writer.hpp"

namespace blockproxy::nbd {
namespace {

constexpr std::size_t max_message = 255;

template <std::size_t size>
Encoder<size> chunk_header(Cookie cookie, ReplyType type, Last last, std::size_t payload) {
  Encoder<size> out;
  out.put(structured_reply_magic)
      .put(last == Last::yes ? chunk_done : std::uint16_t{0})
      .put(static_cast<std::uint16_t>(type))
      .put(cookie.value)
      .put(static_cast<std::uint32_t>(payload));
  return out;
}

void append_header(std::vector<std::byte>& out, Cookie cookie, ReplyType type,
                   std::size_t payload) {
  const auto header = chunk_header<chunk_header_size>(cookie, type, Last::yes, payload).bytes();
  out.insert(out.end(), header.begin(), header.end());
}

}  // namespace

std::array<std::byte, simple_reply_size> simple_reply(Cookie cookie, WireError error) {
  return Encoder<simple_reply_size>{}
      .put(simple_reply_magic)
      .put(static_cast<std::uint32_t>(error))
      .put(cookie.value)
      .bytes();
}

std::array<std::byte, data_header_size> data_chunk(Cookie cookie, std::uint64_t offset,
                                                   std::uint32_t length, Last last) {
  return chunk_header<data_header_size>(cookie, ReplyType::offset_data, last,
                                        std::size_t{length} + 8)
      .put(offset)
      .bytes();
}

std::array<std::byte, data_header_size + 4> hole_chunk(Cookie cookie, std::uint64_t offset,
                                                       std::uint32_t length, Last last) {
  return chunk_header<data_header_size + 4>(cookie, ReplyType::offset_hole, last, 12)
      .put(offset)
      .put(length)
      .bytes();
}

void append_error_chunk(std::vector<std::byte>& out, Cookie cookie, WireError error,
                        std::string_view message) {
  message = message.substr(0, max_message);
  append_header(out, cookie, ReplyType::error, 6 + message.size());
  base::wire::BigWriter(out)
      .u32(static_cast<std::uint32_t>(error))
      .u16(static_cast<std::uint16_t>(message.size()))
      .text(message);
}

void append_error_offset_chunk(std::vector<std::byte>& out, Cookie cookie, WireError error,
                               std::string_view message, std::uint64_t offset) {
  message = message.substr(0, max_message);
  append_header(out, cookie, ReplyType::error_offset, 14 + message.size());
  base::wire::BigWriter(out)
      .u32(static_cast<std::uint32_t>(error))
      .u16(static_cast<std::uint16_t>(message.size()))
      .text(message)
      .u64(offset);
}

void append_block_status(std::vector<std::byte>& out, Cookie cookie, std::uint32_t context,
                         std::span<const Extent> extents) {
  append_header(out, cookie, ReplyType::block_status, 4 + 8 * extents.size());
  base::wire::BigWriter writer(out);
  writer.u32(context);
  for (const Extent& extent : extents) writer.u32(extent.length).u32(extent.state);
}

}  // namespace blockproxy::nbd
