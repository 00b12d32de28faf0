// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/member_budget.hpp"

#include <limits>

namespace scannerqube {

std::optional<std::string> MemberBudget::add(std::uint64_t untrusted_size) {
  if (members_ == limits_.members) {
    return "more than " + std::to_string(limits_.members) + " archive members";
  }
  ++members_;
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - bytes_;
  bytes_ += std::min(room, untrusted_size);
  if (untrusted_size > limits_.file_bytes) {
    return "an archive member of " + std::to_string(untrusted_size) + " bytes";
  }
  if (bytes_ > limits_.scan_bytes) {
    return "archive members of more than " + std::to_string(limits_.scan_bytes) + " bytes in all";
  }
  return std::nullopt;
}

}  // namespace scannerqube
