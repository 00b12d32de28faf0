// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/quote.hpp"

#include "base/wire/escape.hpp"

namespace policy {

std::string quote(std::string_view untrusted) {
  const bool single = untrusted.find('\'') == std::string_view::npos;
  const char mark = single || untrusted.find('"') != std::string_view::npos ? '\'' : '"';
  return mark + base::wire::escape(untrusted) + mark;
}

base::Unexpected<base::Error> wrong_value(std::string_view key, std::string_view value,
                                          std::string_view wanted) {
  return base::fail("'" + std::string(key) + "' is " + quote(value) + ", but can be only " +
                    std::string(wanted));
}

}  // namespace policy
