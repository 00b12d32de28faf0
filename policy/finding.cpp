// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/finding.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"

namespace policy {
namespace {

constexpr std::size_t max_file_shown = 4096;
constexpr std::size_t before_place = 60;
constexpr std::size_t max_excerpt = 160;
constexpr std::size_t max_escaped = max_excerpt * 4;

std::string part_text(std::string_view part) {
  std::string text(part);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return base::wire::escape(text, max_escaped);
}

}  // namespace

void set_excerpt(Finding& finding, std::string_view line) {
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  const std::size_t place = std::min(finding.column - 1, line.size());
  finding.skipped = place > before_place ? place - before_place : 0;
  finding.excerpt = line.substr(finding.skipped, max_excerpt);
}

std::string render(const Finding& finding) {
  std::string out = base::wire::escape(finding.file, max_file_shown) + ":" +
                    std::to_string(finding.line) + ":" + std::to_string(finding.column) +
                    (finding.severity == Finding::Severity::error ? ": error: " : ": warning: ") +
                    finding.text + "\n";
  if (finding.excerpt.empty()) return out;
  const std::string_view line = finding.excerpt;
  const std::size_t place = std::min(finding.column - 1 - finding.skipped, line.size());
  const std::string before = (finding.skipped > 0 ? "..." : "") + part_text(line.substr(0, place));
  const std::string marked =
      part_text(line.substr(place, std::max<std::size_t>(finding.length, 1)));
  const std::size_t end = std::min(line.size(), place + std::max<std::size_t>(finding.length, 1));
  out += "  " + before + marked + part_text(line.substr(end)) + "\n";
  out += "  " + std::string(before.size(), ' ') + "^" +
         std::string(marked.size() > 1 ? marked.size() - 1 : 0, '~') + "\n";
  return out;
}

}  // namespace policy
