// SPDX-License-Identifier: GPL-2.0-or-later
// Which clusters each folder and item has: side by side, one after the other, folders first.
#pragma once

#include "scanner-qube/release/contents.hpp"

namespace scannerqube::release {

class Places {
 public:
  // `folder_bytes`: of each folder's records, never 0. `first`: the first cluster to give away.
  struct Request {
    const Contents& contents;
    const std::vector<std::uint64_t>& folder_bytes;
    std::uint64_t cluster;
  };
  // How many clusters there will be; may be more than there are numbers.
  static std::uint64_t needed(const Request& request);
  Places() = default;
  Places(const Request& request, std::uint32_t first);

  std::uint32_t folder(std::uint32_t index) const { return folders_[index]; }
  // 0 of an empty one.
  std::uint32_t item(std::uint32_t index) const;
  std::uint32_t end() const { return items_.back(); }

  struct Run {
    enum class Kind : std::uint8_t { folder, item, none } kind = Kind::none;
    std::uint32_t index = 0;
    std::uint32_t first = 0;  // cluster
    std::uint32_t end = 0;
  };
  // What has this cluster. `none` before the first and behind the last.
  Run at(std::uint32_t cluster) const;

 private:
  // First clusters, rising, each with the end behind the last.
  std::vector<std::uint32_t> folders_;
  std::vector<std::uint32_t> items_;
};

}  // namespace scannerqube::release
