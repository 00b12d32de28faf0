// SPDX-License-Identifier: GPL-2.0-or-later
// A file's bytes, as the engine gets them, and their SHA-256.
#pragma once

#include <array>

#include "base/hash/sha256.hpp"
#include "base/io/fd.hpp"
#include "scanner-qube/cache/cache_list.hpp"
#include "scanner-qube/volume/io/worker.hpp"

namespace scannerqube::io {

struct ContentError {
  std::string text;
  volume::Range unreadable = {};  // that the medium did not give; empty: it was something else
};

// One of both holds them.
struct Content {
  ContentKey key;
  std::array<std::byte, 4> begin = {};
  std::vector<std::byte> bytes = {};  // of a small file
  base::io::Fd file = {};             // of a larger one: a sealed memfd
};
inline constexpr std::uint64_t small_file = std::uint64_t{128} << 10U;

class ContentReader {
 public:
  // All entry.size bytes: from the extents, which are of `source`, without anybody parsing
  // anything; from the entry itself; or from its reader. They are hashed where they are taken, and
  // read once. An error says why not all of them could be had: then nothing of them is given.
  base::Result<Content, ContentError> read(const volume::Source& source, const volume::Entry& entry,
                                           volume::Worker& reader);

 private:
  using Taken = base::Result<base::Ok, ContentError>;

  Taken take(const volume::Source& source, const volume::Entry& entry, volume::Worker& reader,
             Content& content);
  Taken put(base::wire::Bytes bytes, Content& content);
  Taken put_range(const volume::Source& source, const volume::Extent& extent, Content& content);
  Taken put_extents(const volume::Source& source, const volume::Entry& entry, Content& content);
  Taken put_read(const volume::Entry& entry, volume::Worker& reader, Content& content);

  base::hash::Sha256 sha256_;
  std::size_t begun_ = 0;  // bytes of content.begin
  std::vector<std::byte> buffer_;
};

}  // namespace scannerqube::io
