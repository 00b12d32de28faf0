// SPDX-License-Identifier: GPL-2.0-or-later
// The first bytes that a backend writes to the stream (docs/protocol.md 4, qubes.USB+PORT).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace usbproxy {

enum class BackendStatus : std::uint16_t {
  ready = 0,
  no_such_device = 1,
  busy = 2,
  cannot_open = 3,
  internal = 4
};

inline constexpr std::uint16_t backend_major = 1;
inline constexpr std::size_t max_backend_reason = 512;

// Wire: "SLPU", u16 major, u16 status, u64 features, u16 length, reason. A longer reason is cut.
std::vector<std::byte> encode_backend_header(BackendStatus status, std::string_view reason = {});

}  // namespace usbproxy
