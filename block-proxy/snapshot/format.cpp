// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/format.hpp"

#include <algorithm>
#include <bit>

#include "base/wire/writer.hpp"

namespace blockproxy::snapshot {
namespace {

using base::wire::Bytes;
using base::wire::Reader;
using base::wire::Writer;

constexpr std::string_view header_magic{"SPSNAP\0\1", 8};
constexpr std::string_view seal_magic{"SPSEAL\0\1", 8};
constexpr std::string_view journal_magic{"SPJRNL\0\1", 8};
constexpr std::string_view event_magic{"SPEVNT\0\1", 8};
constexpr std::string_view block_magic{"SPBLCK\0\1", 8};
constexpr std::uint16_t version = 1;
constexpr std::uint8_t hash_sha256 = 1;
constexpr std::uint8_t cipher_aes_256_gcm = 1;
constexpr std::size_t header_signed = 56;
constexpr std::size_t header_checksum_at = header_signed + 28;
constexpr std::size_t checksum_size = 8;
constexpr std::size_t seal_signed = 72;
constexpr std::size_t journal_signed = 80;
constexpr std::size_t event_signed = 100;

template <std::size_t size>
void read_into(Reader& in, std::array<std::byte, size>& out) {
  const Bytes taken = in.take(size);
  std::ranges::copy(taken, out.begin());
}

Auth read_auth(Reader& in) {
  Auth auth;
  read_into(in, auth.nonce);
  read_into(in, auth.tag);
  return auth;
}

bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte each) { return each == std::byte{0}; });
}

bool has_magic(Reader& in, std::string_view magic) {
  return std::ranges::equal(in.take(magic.size()), base::wire::as_bytes(magic));
}

std::vector<std::byte> padded(std::vector<std::byte> out, std::size_t size) {
  out.resize(size);
  return out;
}

}  // namespace

std::string_view describe(FormatError error) {
  switch (error) {
    case FormatError::size:
      return "is not of the right length";
    case FormatError::magic:
      return "is no such record";
    case FormatError::version:
      return "is of a version that this program does not know";
    case FormatError::value:
      return "has a value out of its range";
    case FormatError::padding:
      return "has bytes where there must be zeros";
    case FormatError::checksum:
      return "does not fit its checksum";
  }
  return "?";
}

Bytes header_signed_part(Bytes header) { return header.first(header_signed); }
Bytes seal_signed_part(Bytes seal) { return seal.first(seal_signed); }
Bytes journal_signed_part(Bytes journal) { return journal.first(journal_signed); }
Bytes event_signed_part(Bytes event) { return event.first(event_signed); }

std::vector<std::byte> encode(const Header& header) {
  std::vector<std::byte> out;
  Writer to(out);
  to.text(header_magic).u16(version).u8(hash_sha256).u8(cipher_aes_256_gcm).u32(block_size);
  to.u64(header.geometry.medium_size()).u32(header.geometry.sector_size()).u32(0);
  to.bytes(header.id).u64(header.created).bytes(header.auth.nonce).bytes(header.auth.tag);
  // For those who list snapshots without a key: an accident shows, malice does not.
  const Digest sum = Sha256()({out});
  to.bytes(Bytes(sum).first(checksum_size));
  return padded(std::move(out), header_size);
}

Parsed<Header> parse_header(Bytes untrusted) {
  if (untrusted.size() != header_size) return base::Unexpected{FormatError::size};
  Reader in(untrusted);
  if (!has_magic(in, header_magic)) return base::Unexpected{FormatError::magic};
  const std::uint16_t found_version = in.u16();
  const std::uint8_t hash = in.u8();
  const std::uint8_t cipher = in.u8();
  const std::uint32_t block = in.u32();
  const std::uint64_t medium_size = in.u64();
  const std::uint32_t sector_size = in.u32();
  const std::uint32_t unused = in.u32();
  if (found_version != version || hash != hash_sha256 || cipher != cipher_aes_256_gcm) {
    return base::Unexpected{FormatError::version};
  }
  const auto geometry = Geometry::make(medium_size, sector_size);
  if (block != block_size || !geometry) return base::Unexpected{FormatError::value};
  Header header{.geometry = *geometry};
  read_into(in, header.id);
  header.created = in.u64();
  header.auth = read_auth(in);
  const Bytes sum = in.take(checksum_size);
  const Digest computed = Sha256()({untrusted.first(header_checksum_at)});
  if (!std::ranges::equal(sum, Bytes(computed).first(checksum_size))) {
    return base::Unexpected{FormatError::checksum};
  }
  if (unused != 0 || !all_zero(in.rest())) return base::Unexpected{FormatError::padding};
  return header;
}

std::array<std::byte, record_size> encode(const Record& record) {
  std::array<std::byte, record_size> out{};
  if (record.state == BlockState::absent) return out;
  out[0] = std::byte{static_cast<std::uint8_t>(record.state)};
  for (std::size_t i = 0; i < 3; ++i) out[1 + i] = static_cast<std::byte>(record.slot >> (8 * i));
  auto to = std::ranges::copy(record.auth.nonce, out.begin() + 4).out;
  to = std::ranges::copy(record.auth.tag, to).out;
  std::ranges::copy(record.hash, to);
  return out;
}

Parsed<Record> parse_record(Bytes untrusted) {
  if (untrusted.size() != record_size) return base::Unexpected{FormatError::size};
  if (all_zero(untrusted)) return Record{};
  Reader in(untrusted);
  const std::uint32_t first = in.u32();
  const std::uint32_t state = first & 0xffU;
  if (state < 1 || state > 4) return base::Unexpected{FormatError::value};
  Record record{.state = BlockState{static_cast<std::uint8_t>(state)}, .slot = first >> 8U};
  if (!has_data(record.state) && record.slot != 0) return base::Unexpected{FormatError::padding};
  record.auth = read_auth(in);
  read_into(in, record.hash);
  return record;
}

std::vector<std::byte> block_context(const Id& id, Layer layer, std::uint64_t block,
                                     const Record& record) {
  std::vector<std::byte> out;
  out.reserve(80);
  Writer to(out);
  to.text(block_magic).bytes(id).u8(static_cast<std::uint8_t>(layer));
  to.u8(static_cast<std::uint8_t>(record.state)).u64(block).u32(record.slot).bytes(record.hash);
  return out;
}

std::vector<std::byte> encode(const Seal& seal) {
  std::vector<std::byte> out;
  Writer to(out);
  to.text(seal_magic).bytes(seal.root).bytes(seal.id).u64(seal.time).u64(seal.events);
  to.bytes(seal.auth.nonce).bytes(seal.auth.tag);
  return padded(std::move(out), seal_size);
}

Parsed<Seal> parse_seal(Bytes untrusted) {
  if (untrusted.size() != seal_size) return base::Unexpected{FormatError::size};
  Reader in(untrusted);
  if (!has_magic(in, seal_magic)) return base::Unexpected{FormatError::magic};
  Seal seal;
  read_into(in, seal.root);
  read_into(in, seal.id);
  seal.time = in.u64();
  seal.events = in.u64();
  seal.auth = read_auth(in);
  if (!all_zero(in.rest())) return base::Unexpected{FormatError::padding};
  return seal;
}

std::vector<std::byte> encode(const Journal& journal) {
  std::vector<std::byte> out;
  Writer to(out);
  to.text(journal_magic).bytes(journal.id).u64(static_cast<std::uint64_t>(journal.state));
  to.u64(journal.next).u64(journal.total).bytes(journal.content);
  to.bytes(journal.auth.nonce).bytes(journal.auth.tag);
  return padded(std::move(out), journal_size);
}

Parsed<Journal> parse_journal(Bytes untrusted) {
  if (untrusted.size() != journal_size) return base::Unexpected{FormatError::size};
  Reader in(untrusted);
  if (!has_magic(in, journal_magic)) return base::Unexpected{FormatError::magic};
  Journal journal;
  read_into(in, journal.id);
  const std::uint64_t state = in.u64();
  journal.next = in.u64();
  journal.total = in.u64();
  read_into(in, journal.content);
  journal.auth = read_auth(in);
  if (state > 2 || journal.total > max_blocks || journal.next > journal.total) {
    return base::Unexpected{FormatError::value};
  }
  journal.state = CommitState{static_cast<std::uint8_t>(state)};
  if (!all_zero(in.rest())) return base::Unexpected{FormatError::padding};
  return journal;
}

std::vector<std::byte> encode(const Event& event) {
  std::vector<std::byte> out;
  Writer to(out);
  to.text(event_magic).u32(static_cast<std::uint32_t>(event.kind)).u32(event.number);
  to.u64(event.block).u64(event.time);
  if (event.kind == EventKind::unreadable) {
    to.bytes(event.sectors).zeros(sizeof(Digest) - sizeof(SectorMap));
  } else {
    to.bytes(event.first);
  }
  to.bytes(event.second).zeros(event_signed - out.size());
  to.bytes(event.auth.nonce).bytes(event.auth.tag);
  return padded(std::move(out), event_size);
}

Parsed<Event> parse_event(Bytes untrusted) {
  if (untrusted.size() != event_size) return base::Unexpected{FormatError::size};
  Reader in(untrusted);
  if (!has_magic(in, event_magic)) return base::Unexpected{FormatError::magic};
  Event event;
  const std::uint32_t kind = in.u32();
  event.number = in.u32();
  event.block = in.u64();
  event.time = in.u64();
  if (kind < 1 || kind > 4) return base::Unexpected{FormatError::value};
  event.kind = EventKind{static_cast<std::uint8_t>(kind)};
  Bytes gap;
  if (event.kind == EventKind::unreadable) {
    read_into(in, event.sectors);
    gap = in.take(sizeof(Digest) - sizeof(SectorMap));
  } else {
    read_into(in, event.first);
  }
  read_into(in, event.second);
  const Bytes unused = in.take(event_signed - 96);
  event.auth = read_auth(in);
  if (!all_zero(gap) || !all_zero(unused) || !in.done()) {
    return base::Unexpected{FormatError::padding};
  }
  return event;
}

}  // namespace blockproxy::snapshot
