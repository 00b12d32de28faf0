// SPDX-License-Identifier: GPL-2.0-or-later
// The second, short name that each child of a FAT folder has: "FOLDER~1.TXT".
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "scanner-qube/release/contents.hpp"

namespace scannerqube::release {

// A short name is found like a long one: none is another child's long name, and no two are the
// same.
class ShortNames {
 public:
  ShortNames(const Contents& contents, std::uint32_t folder);
  // Of each child in order: eleven bytes, filled with blanks.
  std::string next(std::string_view name);

 private:
  std::unordered_set<std::string> taken_;  // in capitals, with the dot
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace scannerqube::release
