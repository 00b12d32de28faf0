// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/devices/nbd_progress.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace agent::devices {
namespace {

// Fields of `stat`, from 0.
constexpr std::size_t in_flight = 8;
constexpr std::array<std::size_t, 4> ended_requests{0, 4, 11, 15};  // read, write, discard, flush
constexpr std::size_t most_fields = 17;

std::array<std::string_view, most_fields> fields_of(std::string_view stat) {
  std::array<std::string_view, most_fields> fields;
  for (auto& field : fields) {
    stat.remove_prefix(std::min(stat.find_first_not_of(" \t\n"), stat.size()));
    field = stat.substr(0, stat.find_first_of(" \t\n"));
    stat.remove_prefix(field.size());
  }
  return fields;
}

}  // namespace

bool NbdProgress::hangs(std::string_view stat, Clock::time_point now) {
  const auto fields = fields_of(stat);
  std::string ended;
  for (const std::size_t field : ended_requests) {
    ended += fields.at(field);
    ended += ' ';
  }
  const std::string_view waiting = fields[in_flight];
  if (waiting.empty() || waiting == "0" || ended != ended_) {
    ended_ = std::move(ended);
    since_ = now;
    return false;
  }
  return now - since_ >= patience;
}

}  // namespace agent::devices
