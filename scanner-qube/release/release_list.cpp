// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/release_list.hpp"

#include <algorithm>

#include "base/wire/writer.hpp"

namespace scannerqube::release {
namespace {

using base::wire::Bytes;
using base::wire::Reader;
using volume::Backing;
using volume::Extent;

constexpr std::string_view magic = "SPRL";
constexpr std::uint32_t version = 2;
constexpr std::size_t length_size = 4;
constexpr std::size_t extent_size = 1 + 8 + 8;
constexpr std::uint8_t by_extents = 0;
constexpr std::uint8_t by_bytes = 1;

std::optional<ListError> read_extents(Reader& in, std::uint64_t medium_size, ReleasedFile& file) {
  const std::uint32_t count = in.u32();
  if (count > max_extents) return ListError::too_many_extents;
  if (in.rest().size() / extent_size < count) return ListError::truncated;
  file.extents.reserve(count);
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint8_t backing = in.u8();
    const std::uint64_t offset = in.u64();
    const std::uint64_t length = in.u64();
    if (backing > static_cast<std::uint8_t>(Backing::zeros)) return ListError::bad_value;
    if (length == 0) return ListError::bad_value;
    const auto kind = static_cast<Backing>(backing);
    if (kind == Backing::zeros && offset != 0) return ListError::bad_value;
    const bool inside = offset <= medium_size && length <= medium_size - offset;
    if (kind == Backing::medium && !inside) return ListError::outside_medium;
    if (length > file.size - sum) return ListError::sizes_differ;  // sum <= size, so far
    sum += length;
    file.extents.push_back({.where = {.offset = offset, .length = length}, .backing = kind});
  }
  if (sum != file.size) return ListError::sizes_differ;
  return std::nullopt;
}

std::optional<ListError> read_resident(Reader& in, ReleasedFile& file) {
  const std::uint32_t count = in.u32();
  if (count > max_resident) return ListError::too_much_resident;
  const Bytes bytes = in.take(count);
  if (!in.ok()) return ListError::truncated;
  if (count != file.size) return ListError::sizes_differ;
  file.resident.assign(bytes.begin(), bytes.end());
  return std::nullopt;
}

}  // namespace

bool consistent(const ReleasedFile& file) {
  if (file.size > max_content_bytes || file.extents.size() > max_extents) return false;
  if (!file.resident.empty()) return file.extents.empty() && file.resident.size() == file.size;
  std::uint64_t sum = 0;
  for (const Extent& extent : file.extents) {
    if (extent.where.length == 0 || extent.where.length > file.size - sum) return false;
    sum += extent.where.length;
  }
  return sum == file.size;
}

std::string_view describe(ListError error) {
  switch (error) {
    case ListError::not_a_list:
      return "it does not begin as a release list";
    case ListError::unknown_version:
      return "a version of the list that is not known here";
    case ListError::truncated:
      return "it ends too early";
    case ListError::trailing_bytes:
      return "bytes are left over";
    case ListError::record_too_long:
      return "a record longer than allowed";
    case ListError::too_many_files:
      return "more files than allowed";
    case ListError::too_many_extents:
      return "a file in more pieces than allowed";
    case ListError::too_much_resident:
      return "a file with more bytes in the list than allowed";
    case ListError::too_large:
      return "a list longer than allowed";
    case ListError::too_much_content:
      return "more content than allowed";
    case ListError::no_path:
      return "a file without a path";
    case ListError::path_too_long:
      return "a path longer than allowed";
    case ListError::bad_value:
      return "a value that cannot be";
    case ListError::outside_medium:
      return "content that lies outside the medium";
    case ListError::sizes_differ:
      return "pieces that do not add up to the size";
  }
  return "?";
}

std::optional<ListError> ListParser::header(Bytes untrusted) {
  Reader in(untrusted);
  if (!std::ranges::equal(in.take(magic.size()), base::wire::as_bytes(magic))) {
    return ListError::not_a_list;
  }
  if (in.u32() != version) return ListError::unknown_version;
  const std::uint32_t files = in.u32();
  if (files > max_files) return ListError::too_many_files;
  expected_ = files;
  return std::nullopt;
}

std::optional<ListError> ListParser::record(Bytes untrusted) {
  Reader in(untrusted);
  ReleasedFile file;
  file.part = in.u32();
  const std::size_t path = in.u16();
  if (path > volume::max_path) return ListError::path_too_long;
  file.path = base::wire::as_text(in.take(path));
  file.size = in.u64();
  std::ranges::copy(in.take(file.sha256.size()), file.sha256.begin());
  file.modified = static_cast<std::int64_t>(in.u64());
  const std::uint8_t kind = in.u8();
  if (!in.ok()) return ListError::truncated;
  if (path == 0) return ListError::no_path;
  if (file.size > max_content_bytes - content_) return ListError::too_much_content;
  if (kind > by_bytes) return ListError::bad_value;
  const auto wrong =
      kind == by_extents ? read_extents(in, medium_size_, file) : read_resident(in, file);
  if (wrong) return wrong;
  if (!in.ok()) return ListError::truncated;
  if (!in.done()) return ListError::trailing_bytes;
  content_ += file.size;
  list_.push_back(std::move(file));
  return std::nullopt;
}

// Takes one header or record off `rest` if it is there in full; else `taken` is 0.
std::optional<ListError> ListParser::step(Bytes& rest, std::size_t& taken) {
  taken = 0;
  if (!expected_) {
    if (rest.size() < list_header) return std::nullopt;
    taken = list_header;
    return header(rest.first(list_header));
  }
  if (list_.size() == *expected_) return ListError::trailing_bytes;
  if (rest.size() < length_size) return std::nullopt;
  const std::size_t length = Reader(rest.first(length_size)).u32();
  if (length > max_list_record) return ListError::record_too_long;
  if (rest.size() - length_size < length) return std::nullopt;
  taken = length_size + length;
  return record(rest.subspan(length_size, length));
}

base::Result<base::Ok, ListError> ListParser::push(Bytes untrusted) {
  if (failed_) return base::Unexpected{*failed_};
  if (untrusted.size() > max_list_bytes - received_) failed_ = ListError::too_large;
  if (failed_) return base::Unexpected{*failed_};
  received_ += untrusted.size();
  buffer_.insert(buffer_.end(), untrusted.begin(), untrusted.end());
  Bytes rest(buffer_);
  std::size_t taken = 0;
  while (!rest.empty()) {
    failed_ = step(rest, taken);
    if (failed_) return base::Unexpected{*failed_};
    if (taken == 0) break;
    rest = rest.subspan(taken);
  }
  buffer_.erase(buffer_.begin(), buffer_.end() - static_cast<std::ptrdiff_t>(rest.size()));
  return base::Ok{};
}

base::Result<ReleaseList, ListError> ListParser::finish() {
  if (failed_) return base::Unexpected{*failed_};
  const bool whole = expected_ && list_.size() == *expected_ && buffer_.empty();
  failed_ = ListError::truncated;  // it is over, either way
  if (!whole) return base::Unexpected{*failed_};
  return std::move(list_);
}

std::size_t encoded_size(const ReleasedFile& file) {
  constexpr std::size_t without_content =
      length_size + 4 + 2 + 8 + base::hash::digest_size + 8 + 1 + 4;
  return without_content + file.path.size() +
         (file.resident.empty() ? file.extents.size() * extent_size : file.resident.size());
}

std::vector<std::byte> encode(const ReleaseList& list) {
  std::vector<std::byte> out;
  base::wire::Writer writer(out);
  writer.text(magic).u32(version).u32(static_cast<std::uint32_t>(list.size()));
  std::vector<std::byte> body;
  for (const ReleasedFile& file : list) {
    body.clear();
    base::wire::Writer record(body);
    record.u32(file.part).u16(static_cast<std::uint16_t>(file.path.size())).text(file.path);
    record.u64(file.size).bytes(file.sha256).u64(static_cast<std::uint64_t>(file.modified));
    if (file.resident.empty()) {
      record.u8(by_extents).u32(static_cast<std::uint32_t>(file.extents.size()));
      for (const Extent& extent : file.extents) {
        record.u8(static_cast<std::uint8_t>(extent.backing));
        record.u64(extent.backing == Backing::zeros ? 0 : extent.where.offset);
        record.u64(extent.where.length);
      }
    } else {
      record.u8(by_bytes).u32(static_cast<std::uint32_t>(file.resident.size()));
      record.bytes(file.resident);
    }
    writer.u32(static_cast<std::uint32_t>(body.size())).bytes(body);
  }
  return out;
}

base::Result<ReleaseList, ListError> parse_list(Bytes untrusted, std::uint64_t medium_size) {
  ListParser parser(medium_size);
  if (auto pushed = parser.push(untrusted); !pushed) return base::Unexpected{pushed.error()};
  return parser.finish();
}

}  // namespace scannerqube::release
