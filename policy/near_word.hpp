// SPDX-License-Identifier: GPL-2.0-or-later
// Which of the words that are known was meant by one that is not.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

std::string lower_case(std::string_view text);

// Collects candidates and keeps the nearest: letters added, left out, changed or swapped with their
// neighbour, whatever their case. A word too far off is none: one slip for each three letters.
class NearWord {
 public:
  explicit NearWord(std::string_view written);
  void consider(std::string_view known);
  const std::optional<std::string>& best() const { return best_; }

 private:
  std::string written_;
  std::size_t distance_;  // of the best; only a smaller one is taken
  std::optional<std::string> best_;
};

std::optional<std::string> nearest(std::string_view written,
                                   std::span<const std::string_view> known);

}  // namespace policy
