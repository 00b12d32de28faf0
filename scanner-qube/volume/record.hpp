// SPDX-License-Identifier: GPL-2.0-or-later
// What a worker tells its parent, as length-prefixed records, and what the parent asks.
//
// A worker parsed the medium, so it may be the medium's: the parent takes each record apart as
// untrusted. u32 length of the rest (at most max_record), u8 type, fields little-endian; texts and
// lists with a u32 count before them.
#pragma once

#include <optional>
#include <variant>

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

// The file systems that a part looks like.
struct Recognised {
  std::vector<FileSystem> kinds = {};
  friend bool operator==(const Recognised&, const Recognised&) = default;
};
// A worker's last word of a walk. Without it the walk did not end.
struct End {
  std::uint64_t entries = 0;
  friend bool operator==(const End&, const End&) = default;
};
// Answer to a ReadRequest: the bytes, or why there are none.
struct Piece {
  enum class Outcome : std::uint8_t { read, failed } outcome = Outcome::failed;
  std::vector<std::byte> bytes = {};
  std::string text = {};  // of a failure
  friend bool operator==(const Piece&, const Piece&) = default;
};

using Record = std::variant<Part, Area, Recognised, Finding, Entry, End, Piece>;

enum class RecordError {
  too_long,
  truncated,
  trailing_bytes,
  unknown_type,
  bad_value,
  too_many,
};
std::string_view describe(RecordError error);

// With its length.
void append_record(std::vector<std::byte>& out, const Record& record);
// Without its length.
base::Result<Record, RecordError> parse_record(base::wire::Bytes untrusted);

struct ReadRequest {
  Handle handle = {};
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  // at most max_content
  friend bool operator==(const ReadRequest&, const ReadRequest&) = default;
};
inline constexpr std::size_t read_request_size = 2 + 8 + 4 + 2 + 8 + 4;
std::vector<std::byte> encode(const ReadRequest& request);
base::Result<ReadRequest, RecordError> parse_read_request(base::wire::Bytes untrusted);

// Cuts a stream into records. Once it failed it stays so.
class RecordStream {
 public:
  // How many bytes may be pushed now: there is never more than one record and a read.
  void push(base::wire::Bytes untrusted);
  // nullopt: more bytes are needed.
  base::Result<std::optional<Record>, RecordError> next();
  // Whether the stream may end here.
  bool empty() const { return used_ == buffer_.size(); }

 private:
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::optional<RecordError> failed_;
};

}  // namespace scannerqube::volume
