// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/record.hpp"

#include <algorithm>
namespace scannerqube::volume {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::size_t max_type_text = 64;
constexpr std::size_t extent_size = 8 + 8 + 1;

// Reads fields; a bad value is remembered, as the Reader remembers a missing one.
class Fields {
 public:
  explicit Fields(Bytes untrusted) : in(untrusted) {}

  template <class Enum>
  Enum enumerator(Enum last) {
    const std::uint8_t value = in.u8();
    if (value > static_cast<std::uint8_t>(last)) {
      bad = true;
      return Enum{};
    }
    return static_cast<Enum>(value);
  }
  std::uint32_t count(std::size_t limit) {
    const std::uint32_t value = in.u32();
    if (value > limit) {
      too_many = true;
      return 0;
    }
    return value;
  }
  std::vector<std::byte> bytes(std::size_t limit) {
    const Bytes taken = in.take(count(limit));
    return {taken.begin(), taken.end()};
  }
  std::string text(std::size_t limit) {
    return std::string(base::wire::as_text(in.take(count(limit))));
  }
  // Shown to people as it is.
  std::string printable(std::size_t limit) {
    std::string value = text(limit);
    if (std::ranges::any_of(value, [](char c) { return c < ' ' || c > '~'; })) bad = true;
    return value;
  }
  Range range() {
    const std::uint64_t offset = in.u64();
    const std::uint64_t length = in.u64();
    if (offset + length < offset) bad = true;
    return {.offset = offset, .length = length};
  }

  Reader in;
  bool bad = false;
  bool too_many = false;
};

Part part(Fields& fields) {
  Part value;
  value.number = fields.in.u32();
  value.where = fields.range();
  value.table = fields.enumerator(TableKind::gpt_backup);
  value.type = fields.printable(max_type_text);
  value.note = fields.printable(max_finding_text);
  return value;
}

Area area(Fields& fields) {
  Area value;
  value.kind = fields.enumerator(AreaKind::space);
  value.where = fields.range();
  return value;
}

Recognised recognised(Fields& fields) {
  Recognised value;
  const std::uint32_t count = fields.count(max_file_systems);
  for (std::uint32_t i = 0; i < count; ++i) {
    value.kinds.push_back(fields.enumerator(FileSystem::other));
  }
  return value;
}

Finding found(Fields& fields) {
  Finding value;
  value.concern = fields.enumerator(Concern::reader_ended);
  value.text = fields.printable(max_finding_text);
  return value;
}

// Extents that are the content add up to the size; nothing else may be called so.
bool consistent(const Entry& entry) {
  std::uint64_t sum = 0;
  for (const Extent& extent : entry.extents) {
    if (sum + extent.where.length < sum) return false;
    sum += extent.where.length;
  }
  switch (entry.content) {
    case Content::extents:
      return sum == entry.size && entry.resident.empty();
    case Content::resident:
      return entry.extents.empty() && entry.resident.size() == entry.size;
    case Content::none:
    case Content::through_read:
      return entry.extents.empty() && entry.resident.empty();
  }
  return false;
}

Entry entry(Fields& fields) {
  Entry value;
  value.handle.volume = fields.in.u16();
  value.handle.address = fields.in.u64();
  value.handle.attribute = fields.in.u32();
  value.handle.id = fields.in.u16();
  value.path = fields.text(max_path);
  value.kind = fields.enumerator(Kind::slack);
  value.state = fields.enumerator(State::deleted);
  value.size = fields.in.u64();
  value.content = fields.enumerator(Content::through_read);
  value.reason = fields.enumerator(Reason::not_supported);
  const std::uint32_t count = fields.count(max_extents);
  if (fields.in.rest().size() / extent_size < count) {
    fields.too_many = true;
    return value;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const Range where = fields.range();
    value.extents.push_back({.where = where, .backing = fields.enumerator(Backing::zeros)});
  }
  value.resident = fields.bytes(max_resident);
  for (std::int64_t* time :
       {&value.times.modified, &value.times.accessed, &value.times.changed, &value.times.created}) {
    *time = static_cast<std::int64_t>(fields.in.u64());
  }
  if (fields.in.ok() && !fields.bad && !fields.too_many && !consistent(value)) fields.bad = true;
  return value;
}

Piece piece(Fields& fields) {
  Piece value;
  value.outcome = fields.enumerator(Piece::Outcome::failed);
  value.bytes = fields.bytes(max_content);
  value.text = fields.printable(max_finding_text);
  if (value.outcome == Piece::Outcome::failed && !value.bytes.empty()) fields.bad = true;
  return value;
}

base::Result<Record, RecordError> finish(Fields& fields, Record record) {
  if (fields.too_many) return base::Unexpected{RecordError::too_many};
  if (!fields.in.ok()) return base::Unexpected{RecordError::truncated};
  if (fields.bad) return base::Unexpected{RecordError::bad_value};
  if (!fields.in.done()) return base::Unexpected{RecordError::trailing_bytes};
  return record;
}

}  // namespace

std::string_view describe(RecordError error) {
  switch (error) {
    case RecordError::too_long:
      return "a record longer than allowed";
    case RecordError::truncated:
      return "a record that ends too early";
    case RecordError::trailing_bytes:
      return "a record with bytes left over";
    case RecordError::unknown_type:
      return "a record of an unknown type";
    case RecordError::bad_value:
      return "a record with a value that cannot be";
    case RecordError::too_many:
      return "a record with more items than allowed";
  }
  return "?";
}

base::Result<Record, RecordError> parse_record(Bytes untrusted) {
  if (untrusted.size() > max_record) return base::Unexpected{RecordError::too_long};
  Fields fields(untrusted);
  switch (fields.in.u8()) {
    case 0:
      return finish(fields, part(fields));
    case 1:
      return finish(fields, area(fields));
    case 2:
      return finish(fields, recognised(fields));
    case 3:
      return finish(fields, found(fields));
    case 4:
      return finish(fields, entry(fields));
    case 5:
      return finish(fields, End{.entries = fields.in.u64()});
    case 6:
      return finish(fields, piece(fields));
    default:
      return base::Unexpected{RecordError::unknown_type};
  }
}

base::Result<ReadRequest, RecordError> parse_read_request(Bytes untrusted) {
  Reader in(untrusted);
  ReadRequest request;
  request.handle.volume = in.u16();
  request.handle.address = in.u64();
  request.handle.attribute = in.u32();
  request.handle.id = in.u16();
  request.offset = in.u64();
  request.length = in.u32();
  if (!in.ok()) return base::Unexpected{RecordError::truncated};
  if (!in.done()) return base::Unexpected{RecordError::trailing_bytes};
  if (request.length > max_content) return base::Unexpected{RecordError::too_many};
  return request;
}

}  // namespace scannerqube::volume
