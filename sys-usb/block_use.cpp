// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/block_use.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sysusb {
namespace {

constexpr std::string_view dev = "/dev/";

// Takes the next of what `separators` parts; empty at the end.
std::string_view next(std::string_view& text, std::string_view separators) {
  const std::size_t begin = std::min(text.find_first_not_of(separators), text.size());
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(word.size());
  return word;
}

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void add_name(BlockUse& use, std::string_view path) {
  if (path.starts_with(dev)) use.names.emplace(path.substr(dev.size()));
}

// "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS" (proc_pid_mountinfo(5))
void add_mount(BlockUse& use, std::string_view line) {
  next(line, " ");
  next(line, " ");
  const std::string_view number = next(line, " ");
  const std::size_t colon = number.find(':');
  if (colon == std::string_view::npos) return;
  const auto major = whole_number(number.substr(0, colon));
  const auto minor = whole_number(number.substr(colon + 1));
  if (major && minor) use.numbers.emplace(*major, *minor);
  // Blanks within a field are written \040, so this word stands alone.
  for (std::string_view word = next(line, " "); !word.empty(); word = next(line, " ")) {
    if (word != "-") continue;
    next(line, " ");
    return add_name(use, next(line, " "));
  }
}

}  // namespace

BlockUse parse_mountinfo(std::string_view text) {
  BlockUse use;
  while (!text.empty()) {
    const std::string_view line = next(text, "\n");
    if (!line.empty()) add_mount(use, line);
  }
  return use;
}

BlockUse parse_swaps(std::string_view text) {
  BlockUse use;
  while (!text.empty()) {
    std::string_view line = next(text, "\n");
    const std::string_view path = next(line, " \t");
    if (next(line, " \t") == "partition") add_name(use, path);
  }
  return use;
}

bool in_use(const BlockUse& use, const std::string& kernel_name, const std::string& dm_name,
            std::pair<std::uint32_t, std::uint32_t> number) {
  if (use.numbers.contains(number)) return true;
  std::string path = kernel_name;
  std::ranges::replace(path, '!', '/');
  return use.names.contains(path) || (!dm_name.empty() && use.names.contains("mapper/" + dm_name));
}

}  // namespace sysusb
