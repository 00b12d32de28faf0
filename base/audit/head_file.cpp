// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/audit/head_file.hpp"

#include <charconv>

namespace base::audit {

std::string format_head(const Head& head) {
  std::string text = std::to_string(head.seq) + " " + head.hash;
  text.resize(head_file_size - 1, ' ');
  return text + "\n";
}

std::optional<Head> parse_head(std::string_view untrusted) {
  Head head;
  if (untrusted.size() != head_file_size) return std::nullopt;
  const char* end = untrusted.data() + untrusted.size();
  const auto number = std::from_chars(untrusted.data(), end, head.seq);
  const auto used = static_cast<std::size_t>(number.ptr - untrusted.data());
  if (number.ec != std::errc{} || used + 1 + hash_digits > untrusted.size()) return std::nullopt;
  head.hash = untrusted.substr(used + 1, hash_digits);
  if (format_head(head) != untrusted) return std::nullopt;
  return head;
}

}  // namespace base::audit
