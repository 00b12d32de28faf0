// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/scan_progress.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace cli {
namespace {

// As many blocks as 64 bits can address bytes of: sums with them neither wrap nor get lost.
constexpr std::uint64_t max_blocks = std::uint64_t{1} << 48U;

constexpr double longest = 1e9;  // seconds; more fits into no number

struct Two {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

std::optional<Two> read_two(std::string_view text) {
  Two numbers;
  const char* const end = text.data() + text.size();
  const auto one = std::from_chars(text.data(), end, numbers.first);
  if (one.ec != std::errc{} || one.ptr == end || *one.ptr != ' ') return std::nullopt;
  const auto two = std::from_chars(one.ptr + 1, end, numbers.second);
  if (two.ec != std::errc{} || two.ptr != end) return std::nullopt;
  return numbers;
}

std::string time_left(std::uint64_t seconds) {
  if (seconds < 60) return std::to_string(seconds) + " s";
  return std::to_string((seconds + 59) / 60) + " min";
}

}  // namespace

bool ScanProgressLine::take(std::string_view word) {
  constexpr std::string_view reading = "reading ";
  constexpr std::string_view scanning = "scanning ";
  if (word.starts_with(reading)) {
    const auto blocks = read_two(word.substr(reading.size()));
    if (!blocks || blocks->first > blocks->second || blocks->second > max_blocks) return false;
    done_ = blocks->first;
    total_ = blocks->second;
    return true;
  }
  if (!word.starts_with(scanning)) return false;
  const auto so_far = read_two(word.substr(scanning.size()));
  if (!so_far) return false;
  files_ = so_far->first;
  bytes_ = so_far->second;
  return true;
}

std::string ScanProgressLine::text(std::uint64_t elapsed) const {
  std::string line;
  if (total_ > 0) {
    line = std::to_string(done_ * 100 / total_) + " % read";
    if (done_ > 0 && done_ < total_) {
      const double left = static_cast<double>(elapsed) / static_cast<double>(done_) *
                          static_cast<double>(total_ - done_) / 1000;
      line += ", " + time_left(static_cast<std::uint64_t>(std::min(left, longest))) + " left";
    }
    line += "; ";
  }
  return line + std::to_string(files_) + (files_ == 1 ? " file, " : " files, ") +
         std::to_string(bytes_ >> 20U) + " MiB scanned";
}

}  // namespace cli
