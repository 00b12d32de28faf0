// SPDX-License-Identifier: GPL-2.0-or-later
// What may stand at the cursor of a command line: for the shells' completion.
//
// Never an error: where nothing is known, nothing is offered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/admin_call.hpp"
#include "cli/arguments.hpp"

namespace cli {

struct Candidate {
  std::string word;
  std::string note;  // for shells that show one
  friend bool operator==(const Candidate&, const Candidate&) = default;
};
using Candidates = std::vector<Candidate>;

// `program` is "qvm-usb", "qvm-block", "qvm-device" or "sallyport"; `words` stand after it, the
// last one is what has been typed of the word at the cursor, and may be empty.
Candidates complete(std::string_view program, const Words& words, const Admin& admin);

// "WORD", a tab, "NOTE", one a line.
std::string format_candidates(const Candidates& candidates);

}  // namespace cli
