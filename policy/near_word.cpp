// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/near_word.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace policy {
namespace {

constexpr std::size_t max_word = 64;
constexpr std::size_t letters_a_slip = 3;
constexpr std::size_t max_slips = 3;

using Row = std::array<std::size_t, max_word + 1>;

// Optimal string alignment; both at most max_word long.
std::size_t slips_between(std::string_view a, std::string_view b) {
  Row before_last{};
  Row last{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Row row{};
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

NearWord::NearWord(std::string_view written)
    : written_(lower_case(written.substr(0, max_word + 1))),
      distance_(std::min(max_slips, std::max<std::size_t>(1, written_.size() / letters_a_slip)) +
                1) {}

void NearWord::consider(std::string_view known) {
  if (written_.size() > max_word || known.size() > max_word) return;
  const std::size_t longer = std::max(written_.size(), known.size());
  const std::size_t shorter = std::min(written_.size(), known.size());
  if (longer - shorter >= distance_) return;
  const std::size_t distance = slips_between(written_, lower_case(known));
  if (distance >= distance_ || distance >= shorter) return;
  distance_ = distance;
  best_ = std::string(known);
}

std::optional<std::string> nearest(std::string_view written,
                                   std::span<const std::string_view> known) {
  NearWord near(written);
  for (const std::string_view word : known) near.consider(word);
  return near.best();
}

}  // namespace policy
