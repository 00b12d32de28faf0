// SPDX-License-Identifier: GPL-2.0-or-later
// The records of a snapshot's folder as bytes (README.md has the tables). All integers are
// little-endian; unused bytes are zero. A record that is not exactly what this version writes is
// refused. Who wrote it is another question: each carries a nonce and a tag under the snapshot's
// key, which io/cipher.hpp makes and checks over the bytes that ..._signed_part() gives.
//
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash/sha256.hpp"
#include "block-proxy/snapshot/geometry.hpp"

namespace blockproxy::snapshot {

using base::hash::Digest;
using base::hash::Sha256;

inline constexpr std::size_t header_size = 128;
inline constexpr std::size_t record_size = 64;
inline constexpr std::size_t seal_size = 128;
inline constexpr std::size_t journal_size = 128;
inline constexpr std::size_t event_size = 128;
inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t key_file_size = 16 + key_size;

using Id = std::array<std::byte, 16>;
using SectorMap = std::array<std::byte, sectors_per_block / 8>;  // bit i: sector i of 512 bytes

enum class FormatError : std::uint8_t { size, magic, version, value, padding, checksum };
std::string_view describe(FormatError error);

template <class T>
using Parsed = base::Result<T, FormatError>;

// AES-256-GCM's nonce and tag.
struct Auth {
  std::array<std::byte, 12> nonce{};
  std::array<std::byte, 16> tag{};
  friend bool operator==(const Auth&, const Auth&) = default;
};

struct Header {  // NOLINT(cppcoreguidelines-pro-type-member-init): a geometry has no default
  Geometry geometry;
  Id id{};
  std::uint64_t created = 0;  // ms since 1970
  Auth auth = {};
};
std::vector<std::byte> encode(const Header& header);
Parsed<Header> parse_header(base::wire::Bytes untrusted);

// What stands in the index for a block. `absent` is 64 zero bytes.
enum class BlockState : std::uint8_t {
  absent = 0,
  data = 1,
  zeros = 2,         // nothing in the data file
  patched = 3,       // data, where sectors that could not be read are zeros
  patched_zeros = 4  // the same, nothing else in it
};
inline bool has_data(BlockState state) {
  return state == BlockState::data || state == BlockState::patched;
}
inline bool is_patched(BlockState state) {
  return state == BlockState::patched || state == BlockState::patched_zeros;
}

struct Record {
  BlockState state = BlockState::absent;
  std::uint32_t slot = 0;  // 24 bits; of the overlay's data file, 0 in the base
  Auth auth = {};
  Digest hash{};  // leaf hash of the block's true length
  friend bool operator==(const Record&, const Record&) = default;
};
std::array<std::byte, record_size> encode(const Record& record);
Parsed<Record> parse_record(base::wire::Bytes untrusted);

enum class Layer : std::uint8_t { base = 1, overlay = 2 };
// What a block's tag binds beside its bytes: a record cannot be moved to another block, layer or
// snapshot, and its hash is vouched for.
std::vector<std::byte> block_context(const Id& id, Layer layer, std::uint64_t block,
                                     const Record& record);

struct Seal {
  Digest root{};
  Id id{};
  std::uint64_t time = 0;    // ms since 1970
  std::uint64_t events = 0;  // how many there were: fewer later were cut off
  Auth auth = {};
};
std::vector<std::byte> encode(const Seal& seal);
Parsed<Seal> parse_seal(base::wire::Bytes untrusted);

// Where a commit of the overlay to the medium stands.
enum class CommitState : std::uint8_t { idle = 0, running = 1, done = 2 };
struct Journal {
  Id id{};
  CommitState state = CommitState::idle;
  std::uint64_t next = 0;   // blocks below were written
  std::uint64_t total = 0;  // blocks to write
  Digest content{};         // of what is written: a resumed commit must be of the same
  Auth auth = {};
};
std::vector<std::byte> encode(const Journal& journal);
Parsed<Journal> parse_journal(base::wire::Bytes untrusted);

enum class EventKind : std::uint8_t {
  unreadable = 1,  // sectors of a block, filled with zeros
  changed = 2,     // a block that had another hash when it was read again
  lost = 3,        // a block whose stored bytes do not fit their tag
  resized = 4,     // the medium ended elsewhere: `block` is the size found, in bytes
};
struct Event {
  EventKind kind = EventKind::lost;
  std::uint64_t block = 0;
  std::uint64_t time = 0;    // ms since 1970
  Digest first{};            // changed, lost: the recorded hash
  Digest second{};           // changed: what came later
  SectorMap sectors{};       // unreadable; it stands in the place of `first`
  std::uint32_t number = 0;  // place in the log, from 0
  Auth auth = {};
};
std::vector<std::byte> encode(const Event& event);
Parsed<Event> parse_event(base::wire::Bytes untrusted);

// The bytes of an encoded header, seal, journal or event that its tag is over. The magic at the
// front tells them apart.
base::wire::Bytes header_signed_part(base::wire::Bytes header);
base::wire::Bytes seal_signed_part(base::wire::Bytes seal);
base::wire::Bytes journal_signed_part(base::wire::Bytes journal);
base::wire::Bytes event_signed_part(base::wire::Bytes event);

}  // namespace blockproxy::snapshot
