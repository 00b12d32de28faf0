// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes between a test and rig_guest, over a virtio-serial port: a header line, then a body.
//
//   test to guest:  run ID TIMEOUT_MS LENGTH\n  + LENGTH bytes of a shell command
//   guest to test:  done ID EXIT LENGTH\n       + LENGTH bytes of its stdout and stderr
//
// One command at a time. EXIT is 128+n for a command killed by signal n and 124 after its timeout.
// A test that gave up waiting skips the late answer by its ID.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rig {

inline constexpr std::string_view port_name = "rig";
inline constexpr std::size_t max_command = std::size_t{64} * 1024;
inline constexpr std::size_t max_output = std::size_t{1024} * 1024;
inline constexpr std::size_t max_header = 96;
inline constexpr int exit_timeout = 124;

// Both lines have one shape: a word and three numbers.
struct Header {
  std::uint64_t id = 0;
  std::int64_t number = 0;  // run: timeout in ms; done: exit code
  std::size_t length = 0;

  friend bool operator==(const Header&, const Header&) = default;
};

std::string format_header(std::string_view word, const Header& header);
// Nothing if the line (without its newline) is not `word` and three numbers, length at most
// `limit`.
std::optional<Header> parse_header(std::string_view line, std::string_view word, std::size_t limit);

}  // namespace rig
