// SPDX-License-Identifier: GPL-2.0-or-later
// The request that puts a block device of another qube on the kernel's nbd driver
// (docs/protocol.md 2). Longer than the others: it carries a size and a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"

namespace agent::devices {

inline constexpr std::uint32_t nbd_operation = 6;
inline constexpr std::size_t max_nbd_name = 7;  // "xvdaa", "sdzz"
inline constexpr std::size_t nbd_request_size = 16 + 8 + 8;

// Bits of `flags`. What the device can do, so that the kernel asks for nothing else.
namespace nbd_flag {
inline constexpr std::uint32_t read_only = 1U << 0U;
inline constexpr std::uint32_t flush = 1U << 1U;
inline constexpr std::uint32_t fua = 1U << 2U;
inline constexpr std::uint32_t trim = 1U << 3U;
inline constexpr std::uint32_t multi_connection = 1U << 4U;
inline constexpr std::uint32_t rotational = 1U << 5U;
inline constexpr std::uint32_t all = (1U << 6U) - 1;
}  // namespace nbd_flag

// Wire: u32 operation 6, u32 sector size, u32 flags, u32 zero, u64 size, name[8] padded with NUL.
// With it 1 to 4 sockets, one for each connection to the server.
struct NbdRequest {
  std::uint64_t size = 0;           // bytes, 512 to 2^63 - 1
  std::uint32_t sector_size = 512;  // 512, 1024, 2048 or 4096: what the kernel takes
  std::uint32_t flags = 0;          // nbd_flag
  std::string name;                 // "xvdi": of the link in /dev; valid_nbd_name()
  friend bool operator==(const NbdRequest&, const NbdRequest&) = default;
};

// xvd or sd and one or two letters.
bool valid_nbd_name(std::string_view name);

std::vector<std::byte> encode_nbd_request(const NbdRequest& request);
// Nothing unless it is exactly one request with every field in its range.
std::optional<NbdRequest> parse_nbd_request(base::wire::Bytes untrusted);

}  // namespace agent::devices
