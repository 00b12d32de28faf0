// SPDX-License-Identifier: GPL-2.0-or-later
// What became of every byte of a medium: given to the engine, known to be something else, or not
// looked at.
//
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::report {

// Where two claim a byte, the later one here is told.
enum class Use : std::uint8_t {
  outside,  // of no part and no table: never looked at
  free,     // of a part that was read whole, of no file: free space, and what the file system
            // keeps there for itself
  boot_code,
  table,
  unread,      // may hold files, and nobody looked
  deleted,     // content of deleted files, given to the engine
  file,        // content of files, given to the engine
  unreadable,  // asked for, and the medium did not give it
  mixed,       // in the list of runs only: smaller than what it can show
};
inline constexpr std::size_t uses = 9;
std::string_view name_of(Use use);
std::optional<Use> use_of(std::string_view name);

inline constexpr std::size_t max_runs = 4096;

struct Run {
  volume::Range where = {};
  Use use = Use::outside;
  friend bool operator==(const Run&, const Run&) = default;
};

struct Coverage {
  std::array<std::uint64_t, uses> bytes = {};  // by Use; exact, mixed is 0
  // One after the other from 0 to the end, neighbours of different use. Each border but the
  // medium's end is a multiple of this; 1: nothing was coarsened.
  std::uint64_t granularity = 1;
  std::vector<Run> runs = {};
  // More pieces than are kept: what was left out is counted as what lies below it.
  bool cut = false;

  std::uint64_t of(Use use) const { return bytes.at(static_cast<std::size_t>(use)); }
  // Whether a part of the medium may hold something that nobody looked at.
  bool leaves_gap() const;
  friend bool operator==(const Coverage&, const Coverage&) = default;
};

// An error says in which way it cannot be the coverage of a medium of this size.
base::Status check(const Coverage& coverage, std::uint64_t medium_size);

// Takes claims in any order. What lies outside the medium is left out.
class CoverageBuilder {
 public:
  explicit CoverageBuilder(std::uint64_t medium_size) : size_(medium_size) {}

  void add(volume::Range where, Use use);
  void add_area(const volume::Area& area);
  // The content of a file; zeros and what is in the entry itself lie nowhere.
  void add_content(const volume::Entry& entry, Use use);
  Coverage finish();

 private:
  struct Claim {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    Use use = Use::outside;
  };

  void compact();

  std::uint64_t size_;
  std::vector<Claim> claims_;
  bool full_ = false;  // no more are taken
  bool cut_ = false;   // one was not
};

}  // namespace scannerqube::report
