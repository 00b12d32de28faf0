// SPDX-License-Identifier: GPL-2.0-or-later
// How old the signatures are. An age that cannot be told is too old for everything.
#pragma once

#include <cstdint>
#include <optional>

namespace scannerqube::database {

class DatabaseAge {
 public:
  // Both in seconds since 1970. A day that is yet to come is no age: one of the clocks is wrong.
  static DatabaseAge between(std::int64_t created, std::int64_t now);

  // Whole days; nullopt: unknown.
  std::optional<std::uint32_t> days() const { return days_; }
  bool at_most(std::uint32_t days) const { return days_.has_value() && *days_ <= days; }

 private:
  explicit DatabaseAge(std::optional<std::uint32_t> days) : days_(days) {}
  std::optional<std::uint32_t> days_;
};

}  // namespace scannerqube::database
