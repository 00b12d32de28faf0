// SPDX-License-Identifier: GPL-2.0-or-later
// The numbers of the NBD protocol (NetworkBlockDevice/nbd, doc/proto.md); all integers big-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/wire/strong.hpp"

namespace blockproxy::nbd {

// Chosen by the client for each request and repeated in its reply ("handle" in older texts).
using Cookie = base::Strong<struct CookieTag, std::uint64_t>;

constexpr std::uint64_t greeting_magic = 0x4e42444d41474943;  // "NBDMAGIC"
constexpr std::uint64_t option_magic = 0x49484156454f5054;    // "IHAVEOPT"
constexpr std::uint64_t option_reply_magic = 0x0003e889045565a9;
constexpr std::uint32_t request_magic = 0x25609513;
constexpr std::uint32_t simple_reply_magic = 0x67446698;
constexpr std::uint32_t structured_reply_magic = 0x668e33ef;

// Handshake flags, the same bits from server and client.
constexpr std::uint16_t flag_fixed_newstyle = 1;
constexpr std::uint16_t flag_no_zeroes = 2;

// What replies look like. The kernel's client understands simple ones only.
enum class Replies { structured, simple };

enum class Option : std::uint32_t {
  export_name = 1,
  abort = 2,
  list = 3,
  starttls = 5,
  info = 6,
  go = 7,
  structured_reply = 8,
  list_meta_context = 9,
  set_meta_context = 10,
};

enum class OptionReply : std::uint32_t {
  ack = 1,
  server = 2,
  info = 3,
  meta_context = 4,
  unsupported = 0x80000001,
  policy = 0x80000002,
  invalid = 0x80000003,
  unknown = 0x80000006,
  too_big = 0x80000009,
};

// What an info reply tells.
enum class Info : std::uint16_t { exported = 0, name = 1, description = 2, block_size = 3 };

// Transmission flags: what an export can do. Bit 0 says that the others mean something.
namespace transmission {
constexpr std::uint16_t has_flags = 1U << 0U;
constexpr std::uint16_t read_only = 1U << 1U;
constexpr std::uint16_t send_flush = 1U << 2U;
constexpr std::uint16_t send_fua = 1U << 3U;
constexpr std::uint16_t rotational = 1U << 4U;
constexpr std::uint16_t send_trim = 1U << 5U;
constexpr std::uint16_t send_write_zeroes = 1U << 6U;
constexpr std::uint16_t send_df = 1U << 7U;
constexpr std::uint16_t can_multi_conn = 1U << 8U;
constexpr std::uint16_t send_cache = 1U << 10U;
constexpr std::uint16_t send_fast_zero = 1U << 11U;
}  // namespace transmission

enum class Command : std::uint16_t {
  read = 0,
  write = 1,
  disconnect = 2,
  flush = 3,
  trim = 4,
  cache = 5,
  write_zeroes = 6,
  block_status = 7,
};

// Command flags.
constexpr std::uint16_t command_fua = 1U << 0U;
constexpr std::uint16_t command_no_hole = 1U << 1U;
constexpr std::uint16_t command_df = 1U << 2U;
constexpr std::uint16_t command_req_one = 1U << 3U;
constexpr std::uint16_t command_fast_zero = 1U << 4U;

enum class ReplyType : std::uint16_t {
  none = 0,
  offset_data = 1,
  offset_hole = 2,
  block_status = 5,
  error = 0x8001,
  error_offset = 0x8002,
};
constexpr std::uint16_t chunk_done = 1;
constexpr std::uint16_t error_chunk_bit = 0x8000;

// The protocol's own error numbers; they happen to be Linux' for the most part.
enum class WireError : std::uint32_t {
  none = 0,
  not_permitted = 1,  // EPERM
  io = 5,             // EIO
  no_memory = 12,     // ENOMEM
  invalid = 22,       // EINVAL
  no_space = 28,      // ENOSPC
  overflow = 75,      // EOVERFLOW
  unsupported = 95,   // ENOTSUP
  shutdown = 108,     // ESHUTDOWN
};

// base:allocation
constexpr std::uint32_t state_hole = 1;
constexpr std::uint32_t state_zero = 2;

constexpr std::size_t greeting_size = 18;
constexpr std::size_t option_header_size = 16;
constexpr std::size_t option_reply_header_size = 20;
constexpr std::size_t request_size = 28;
constexpr std::size_t simple_reply_size = 16;
constexpr std::size_t chunk_header_size = 20;
constexpr std::size_t data_header_size = chunk_header_size + 8;

constexpr std::size_t max_name = 4096;  // the protocol's own bound of a string
// The longest read or write, as the block size information says it.
constexpr std::uint32_t max_payload = 32U << 20U;

// Bytes of a message whose size is known: encoded on the stack, without an allocation.
template <std::size_t size>
class Encoder {
 public:
  template <class T>
  constexpr Encoder& put(T value) {
    for (std::size_t i = sizeof(T); i > 0; --i) {
      bytes_[at_++] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * (i - 1)));
    }
    return *this;
  }
  constexpr std::array<std::byte, size> bytes() const { return bytes_; }

 private:
  std::array<std::byte, size> bytes_{};
  std::size_t at_ = 0;
};

}  // namespace blockproxy::nbd
