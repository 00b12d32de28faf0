// SPDX-License-Identifier: GPL-2.0-or-later
// The files that a scan lets through, as the scanner qube names them, and their bytes on the wire.
//
// The scanner qube parsed the medium, so the list may be the medium's: it says where bytes lie and
// what their hash is, and both are checked. "SPRL", u32 version, u32 files; then each with a u32
// length before it: u32 part, u16 and the path, u64 size, 32 bytes SHA-256, u64 modified, u8 kind;
// of kind 0: u32 extents, each u8 backing, u64 offset, u64 length; of kind 1: u32 and the bytes.
// Little-endian.
#pragma once

#include <optional>

#include "base/hash/digest.hpp"
#include "base/wire/result.hpp"
#include "scanner-qube/release/limits.hpp"
#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::release {

struct ReleasedFile {
  std::uint32_t part = 0;  // of the medium, as the report counts them
  std::string path = {};   // the medium's bytes
  std::uint64_t size = 0;
  base::hash::Digest sha256 = {};
  std::int64_t modified = 0;  // seconds since 1970
  // The content is in one of the two, in full.
  std::vector<volume::Extent> extents = {};  // on the medium; of zeros the offset is 0
  std::vector<std::byte> resident = {};
  friend bool operator==(const ReleasedFile&, const ReleasedFile&) = default;
};
using ReleaseList = std::vector<ReleasedFile>;
// Whether the content adds up to the size: always so of what was parsed.
bool consistent(const ReleasedFile& file);

enum class ListError {
  not_a_list,
  unknown_version,
  truncated,
  trailing_bytes,
  record_too_long,
  too_many_files,
  too_many_extents,
  too_much_resident,
  too_large,
  too_much_content,
  no_path,
  path_too_long,
  bad_value,
  outside_medium,
  sizes_differ,
};
std::string_view describe(ListError error);

// Of one record, without its length.
inline constexpr std::size_t max_list_record =
    4 + 2 + volume::max_path + 8 + base::hash::digest_size + 8 + 1 + 4 + max_extents * (1 + 8 + 8);

// Takes a list apart as it comes; holds what was read and one record. Once it failed it stays so.
class ListParser {
 public:
  explicit ListParser(std::uint64_t medium_size) : medium_size_(medium_size) {}
  base::Result<base::Ok, ListError> push(base::wire::Bytes untrusted);
  // The list, if it came in full.
  base::Result<ReleaseList, ListError> finish();
  // How many files were read: what is wrong is in the next.
  std::size_t files() const { return list_.size(); }

 private:
  std::optional<ListError> step(base::wire::Bytes& rest, std::size_t& taken);
  std::optional<ListError> header(base::wire::Bytes untrusted);
  std::optional<ListError> record(base::wire::Bytes untrusted);

  std::uint64_t medium_size_;
  std::vector<std::byte> buffer_;
  std::uint64_t received_ = 0;
  std::uint64_t content_ = 0;
  std::optional<std::uint32_t> expected_;  // files, once the header was read
  std::optional<ListError> failed_;
  ReleaseList list_;
};

inline constexpr std::size_t list_header = 12;
// Of this file, with its length.
std::size_t encoded_size(const ReleasedFile& file);
std::vector<std::byte> encode(const ReleaseList& list);
base::Result<ReleaseList, ListError> parse_list(base::wire::Bytes untrusted,
                                                std::uint64_t medium_size);

}  // namespace scannerqube::release
