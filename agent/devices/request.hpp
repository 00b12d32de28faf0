// SPDX-License-Identifier: GPL-2.0-or-later
// The 16-byte requests to root's device helper and their ranges (docs/protocol.md 2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/wire/reader.hpp"

namespace agent::devices {

enum class Operation : std::uint32_t {
  open_usb = 1,
  vhci_attach = 2,
  vhci_detach = 3,
  open_input = 4,
  open_block = 5
};

inline constexpr std::size_t request_size = 16;
inline constexpr std::size_t answer_size = 4;  // i32: 0 or a negated errno
inline constexpr std::uint32_t max_bus = 255;
inline constexpr std::uint32_t max_device = 127;
inline constexpr std::uint32_t max_vhci_port = 239;
inline constexpr std::uint32_t max_input_event = 1023;  // evdev's minors
// The kernel's dev_t has 12 and 20 bits (linux/kdev_t.h).
inline constexpr std::uint32_t max_block_major = 4095;
inline constexpr std::uint32_t max_block_minor = (1U << 20U) - 1;

// Wire: u32 operation, u32 a, u32 b, u32 c.
//   open_usb     a bus, b device number, c 0
//   vhci_attach  a port, b speed as in the kernel's enum usb_device_speed (1 low, 2 full, 3 high,
//                5 super), c device id; one fd: a stream socket
//   vhci_detach  a port, b 0, c 0
//   open_input   a N of /dev/input/eventN, b 0, c 0
//   open_block   a major, b minor, c 0 read-only or 1 read-write
struct Request {
  Operation operation = Operation::open_usb;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  friend bool operator==(const Request&, const Request&) = default;
};

std::vector<std::byte> encode_request(const Request& request);
// Nothing unless it is exactly one request with every field in its range.
std::optional<Request> parse_request(base::wire::Bytes untrusted);
// 0 or a negated errno.
std::vector<std::byte> encode_answer(int result);

}  // namespace agent::devices
