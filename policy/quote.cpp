// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/quote.hpp"

#include "base/wire/escape.hpp"

namespace policy {

std::string quote(std::string_view untrusted) {
  const bool single = untrusted.find('\'') == std::string_view::npos;
  const char mark = single || untrusted.find('"') != std::string_view::npos ? '\'' : '"';
  return mark + base::wire::escape(untrusted) + mark;
}

}  // namespace policy
