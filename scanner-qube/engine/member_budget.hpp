// SPDX-License-Identifier: GPL-2.0-or-later
// What the members of one file's archives say of themselves, added up before anything is unpacked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner-qube/engine/limits.hpp"

namespace scannerqube {

// Pure. The sizes are the archive's claims: too much claimed is enough to stop, little claimed
// proves nothing (the engine's own limits count what is really unpacked).
class MemberBudget {
 public:
  explicit MemberBudget(const Limits& limits) : limits_(limits) {}

  // Why the file is not to be looked into any further; nothing: go on.
  std::optional<std::string> add(std::uint64_t untrusted_size);
  std::uint32_t members() const { return members_; }

 private:
  const Limits& limits_;
  std::uint32_t members_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace scannerqube
