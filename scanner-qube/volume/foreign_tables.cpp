// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/foreign_tables.hpp"

#include <algorithm>
#include <array>

namespace scannerqube::volume {
namespace {

using namespace std::string_view_literals;

struct Mark {
  std::uint64_t offset;
  std::string_view bytes;
  const char* name;
};

// Where Linux looks for them (block/partitions/).
constexpr std::array on_medium{
    Mark{512, "PM\0\0"sv, "an Apple partition map"},
    Mark{1024, "PM\0\0"sv, "an Apple partition map"},
    Mark{2048, "PM\0\0"sv, "an Apple partition map"},
    Mark{4096, "PM\0\0"sv, "an Apple partition map"},
    Mark{512, "\x57\x45\x56\x82"sv, "a BSD label"},
    Mark{508, "\xda\xbe"sv, "a Sun label"},
    Mark{0, "\x0b\xe5\xa9\x41"sv, "an SGI label"},
    Mark{3072, "PRIVHEAD"sv, "a dynamic disk of Windows"},
};
constexpr std::array in_part{
    Mark{512, "\x57\x45\x56\x82"sv, "a BSD label"},
    Mark{512 + 12, "\xee\xde\x0d\x60"sv, "a Solaris label"},
    Mark{29 * 512 + 4, "\x0d\x60\x5e\xca"sv, "a UnixWare label"},
};
constexpr std::uint64_t amiga_blocks = 16;  // one of the first is the table's

bool has(const Source& source, std::uint64_t at, std::string_view bytes) {
  const auto read = read_some(source, at, bytes.size());
  return read && base::wire::as_text(*read) == bytes;
}

}  // namespace

std::vector<std::string> foreign_tables(const Source& source, const std::vector<Part>& parts) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const Mark& mark : on_medium) {
    if (has(source, mark.offset, mark.bytes)) add(mark.name);
  }
  for (std::uint64_t block = 0; block < amiga_blocks; ++block) {
    if (has(source, block * 512, "RDSK")) add("an Amiga partition table");
  }
  for (const Part& part : parts) {
    for (const Mark& mark : in_part) {
      if (has(source, part.where.offset + mark.offset, mark.bytes)) add(mark.name);
    }
    if (part.type == "0x81" && has(source, part.where.offset + 510, "\x55\xaa")) {
      add("a partition table of Minix");
    }
  }
  return names;
}

}  // namespace scannerqube::volume
