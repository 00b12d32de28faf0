// SPDX-License-Identifier: GPL-2.0-or-later
// What a scanner qube and the program that started it say to each other over the qube's only port.
//
// Frames of base/wire/frame.hpp; the payload's first byte is the kind. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "base/wire/frame.hpp"
#include "scanner-qube/cache/cache_list.hpp"
#include "scanner-qube/unlock/secret.hpp"

namespace scannerqube {

inline constexpr std::uint16_t message_version = 3;
inline constexpr std::size_t max_engine_name = 64;
inline constexpr std::size_t max_failure = 1024;
inline constexpr std::size_t max_chunk = base::wire::max_frame_payload - 1;

// From the qube. kind 1: u16 version, u32 signatures, 32 bytes (cache/scope.hpp: options_digest),
// the engine's name. It is said before there is a medium.
struct Ready {
  std::uint32_t signatures = 0;
  base::hash::Digest options = {};
  std::string engine;  // printable ASCII
  friend bool operator==(const Ready&, const Ready&) = default;
};
// kind 2: u64, u64.
struct ScanProgress {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const ScanProgress&, const ScanProgress&) = default;
};
// kind 3 and 4: the next bytes of the report, and of the list of clean files.
struct Chunk {
  enum class Of : std::uint8_t { report, files } of = Of::report;
  std::vector<std::byte> bytes;  // at most max_chunk, not empty
  friend bool operator==(const Chunk&, const Chunk&) = default;
};
// kind 5: all was said.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};
// kind 6: there was no scan; printable ASCII.
struct Failure {
  std::string why;
  friend bool operator==(const Failure&, const Failure&) = default;
};
using FromQube = std::variant<Ready, ScanProgress, Chunk, Done, Failure>;

// To the qube. kind 1: u8 deleted, u64 size, u64 margin, u64 largest file, the database's SHA-256,
// which the qube puts into its report, u32 known contents and u8 passphrase, which follow in this
// order in messages of their own.
// The medium's bytes begin `margin` bytes into the block device that comes, and as many zeros
// follow: where a kernel looks for a table of partitions it finds none.
struct ScanOrder {
  enum class Deleted : std::uint8_t { leave_out, include } deleted = Deleted::leave_out;
  std::uint64_t size = 0;
  std::uint64_t margin = 0;
  std::uint64_t largest_file = 0;  // larger ones are not examined
  base::hash::Digest database = {};
  std::uint32_t known = 0;  // at most max_known
  bool passphrase = false;  // for encrypted parts
  friend bool operator==(const ScanOrder&, const ScanOrder&) = default;
};

// kind 2: contents that need no scan, at least one: SHA-256, u64 size.
inline constexpr std::uint32_t max_known = 100'000;
inline constexpr std::size_t known_in_message = max_chunk / cached_entry_size;

// kind 3: the passphrase, 1 to max_passphrase bytes.

// Appends a whole frame. Texts are cut to their bounds, and what is not printable is '?'.
void append_message(std::vector<std::byte>& out, const FromQube& message);
void append_order(std::vector<std::byte>& out, const ScanOrder& order);
// As many frames as it takes.
void append_known(std::vector<std::byte>& out, std::span<const ContentKey> contents);
void append_passphrase(std::vector<std::byte>& out, base::wire::Bytes passphrase);

enum class MessageError : std::uint8_t { unknown_kind, wrong_length, bad_text, other_version };
std::string_view describe(MessageError error);
// Of a frame's payload.
base::Result<FromQube, MessageError> parse_message(base::wire::Bytes untrusted);
base::Result<ScanOrder, MessageError> parse_order(base::wire::Bytes payload);
base::Result<std::vector<ContentKey>, MessageError> parse_known(base::wire::Bytes payload);
base::Result<unlock::Secret, MessageError> parse_passphrase(base::wire::Bytes payload);

}  // namespace scannerqube
