// SPDX-License-Identifier: GPL-2.0-or-later
// All that is wrong with one line that does not parse, each at its place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/parse_observer.hpp"

namespace policy {

// A remark about a part of a line's text.
struct Remark {
  std::size_t offset = 0;
  std::size_t length = 1;
  std::string text = {};
};

// `field` must lie in `text`.
Remark remark_on(std::string_view text, std::string_view field, std::string words);

// Never empty: where nothing better is known, `parse_error` (without "FILE:LINE: ") is passed on.
std::vector<Remark> find_mistakes(const ParseObserver::Line& line, const std::string& parse_error);

}  // namespace policy
