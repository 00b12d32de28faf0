// SPDX-License-Identifier: GPL-2.0-or-later
// The 32-byte records of a folder, FAT's and exFAT's, as items.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scanner-qube/volume/fat/geometry.hpp"

namespace scannerqube::volume::fat {

inline constexpr std::size_t folder_record = 32;  // bytes

struct Item {
  enum class Kind : std::uint8_t { file, folder, self, parent, special } kind = Kind::file;
  std::string name = {};
  std::uint32_t first = 0;  // cluster; 0 of an empty file
  std::uint64_t size = 0;
  std::uint64_t filled = 0;  // bytes behind it read as zeros; `size` on FAT
  enum class Layout : std::uint8_t { chain, run } layout = Layout::chain;
};

struct Items {
  std::vector<Item> items = {};
  std::vector<std::string> damages = {};                          // ASCII
  enum class Ended : std::uint8_t { yes, no } ended = Ended::no;  // the mark of the end was met
};

// Feed it a folder's bytes in pieces of whole records; items that span pieces are put together.
class FatFolder {
 public:
  void push(base::wire::Bytes untrusted, Items& out);

 private:
  void record(base::wire::Bytes record, Items& out);
  void behind_the_end(base::wire::Bytes record, Items& out);
  void long_name(base::wire::Bytes record);
  std::string name_of(base::wire::Bytes record, std::uint8_t flags);

  std::u16string long_;
  unsigned expected_ = 0;  // the number of the next piece, counting down; 0: none is under way
  bool whole_ = false;
  std::uint8_t checksum_ = 0;
  bool met_behind_ = false;
};

class ExfatFolder {
 public:
  void push(base::wire::Bytes untrusted, Items& out);

 private:
  void record(base::wire::Bytes record, Items& out);
  void file(base::wire::Bytes record, Items& out);
  void finish(Items& out);
  void special(base::wire::Bytes record, const char* name, Items& out);

  std::vector<std::byte> set_;
  std::size_t missing_ = 0;  // records of the set
};

}  // namespace scannerqube::volume::fat
