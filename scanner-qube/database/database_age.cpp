// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/database_age.hpp"

#include <limits>

namespace scannerqube::database {

DatabaseAge DatabaseAge::between(std::int64_t created, std::int64_t now) {
  constexpr std::int64_t day = 86'400;  // seconds
  if (created < 0 || now < created) return DatabaseAge(std::nullopt);
  const std::int64_t days = (now - created) / day;  // both are 0 or more: no overflow
  if (days > std::numeric_limits<std::uint32_t>::max()) return DatabaseAge(std::nullopt);
  return DatabaseAge(static_cast<std::uint32_t>(days));
}

}  // namespace scannerqube::database
