// SPDX-License-Identifier: GPL-2.0-or-later
// Something to be said about a place in a file, and the line shown with a mark below it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace policy {

struct Finding {
  enum class Severity { error, warning };

  Severity severity = Severity::error;
  std::string file = {};
  unsigned line = 0;
  std::size_t column = 1;  // from 1, in bytes
  std::size_t length = 1;
  std::string text = {};     // safe to show
  std::string excerpt = {};  // of the line, as it stands there; empty: nothing is to be shown
  std::size_t skipped = 0;   // bytes of the line before the excerpt
};

// The part of a line around a place that is worth showing, whatever the line's length.
void set_excerpt(Finding& finding, std::string_view line);

// "FILE:LINE:COLUMN: error: text", and below it the excerpt and "^~~~". Safe to show in a terminal.
std::string render(const Finding& finding);

}  // namespace policy
