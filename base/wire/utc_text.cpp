// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wire/utc_text.hpp"

#include <array>
#include <ctime>

namespace base::wire {

std::string utc_text(std::int64_t seconds, const char* format) {
  const std::time_t time = seconds;
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr) return "?";
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
  return std::string(text.data(), size);
}

}  // namespace base::wire
