// SPDX-License-Identifier: GPL-2.0-or-later
// One hostile medium of the catalogue: how it is made, and what may be said of it.
#pragma once

#include <chrono>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/fakes/folder.hpp"

namespace tests::hostile {

// Never `clean`, whatever it is.
enum class Expected {
  infected,    // the planted file is found
  not_missed,  // it is found, or something is said not to be examined
  incomplete,  // there is nothing to find, and not all of it can be read
  doubtful,    // incomplete or suspicious: all is read, and something is odd
};

struct Medium {
  std::string name;
  Expected expected = Expected::not_missed;
  std::function<std::string(const Folder&)> make;  // the same bytes each time; returns its path
  std::chrono::seconds time{10};  // that the scanner is given; it ends by itself then
  std::uint64_t memory = std::uint64_t{400} << 20U;  // of any process of the scan, bytes
};
using Media = std::vector<Medium>;
// For gtest.
inline std::ostream& operator<<(std::ostream& out, const Medium& medium) {
  return out << medium.name;
}

// What is planted: the test file of eicar.org and a tail, so that it needs clusters of its own.
std::string planted();
inline constexpr const char* planted_name = "eicar.com";

// How many fuzzed images of each file system.
unsigned fuzzed_each();

// The families.
Media fuzzed_media();
Media apfs_media();
Media fat_media();
Media ntfs_media();
Media ext_media();
Media iso_media();
Media mbr_media();
Media gpt_media();
Media part_media();
Media archive_media();
Media name_media();
Media size_media();

// All of them; every name is there once.
Media catalogue();

}  // namespace tests::hostile
