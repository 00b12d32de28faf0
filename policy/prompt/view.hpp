// SPDX-License-Identifier: GPL-2.0-or-later
// A question as text for a terminal, and what a typed line means as its answer.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "policy/io/question.hpp"

namespace policy::prompt {

// A detail of a question as it may be shown: escaped and cut.
struct Detail {
  std::string label = {};
  std::string value = {};
};
// What dom0 knows by itself, in the order of its weight.
std::vector<Detail> facts_of(const io::Question& question);
// What the device says about itself; too many are cut.
std::vector<Detail> claims_of(const io::Question& question);
// The label of the fact that is to stand out: this device is not what it was.
constexpr std::string_view changed_label = "Changed";
constexpr std::string_view claims_heading = "What the device claims (nobody has checked it)";
// A name or a service of the question, escaped and cut.
std::string shown(std::string_view untrusted);
// "qubes.StartApp +gimp"
std::string operation_of(const io::Question& question);

// "4 8 2 1 9 3": what is to be typed on a new keyboard.
std::string spaced_digits(const io::Question& question);

// Everything from outside is escaped and cut. The details are shown as claims, under a heading that
// says so; the rule, which is dom0's own, stands apart.
std::string render(const io::Question& question, std::chrono::seconds limit);

struct Choice {
  enum class Kind { allow, deny, scan_first, unclear } kind = Kind::unclear;
  std::string target = {};
  io::Scope scope = io::Scope::once;
};
// A target's number or name allows it, and "y" does if there is only one; "n" and an empty line
// deny, and "s" denies to have it scanned first where that is offered. Anything else is unclear:
// the question stays open.
Choice read_choice(std::string_view line, const io::Question& question);

// What a fixed answerer that says yes chooses: the default, or the only target. Denies otherwise.
// With the wanted scope where it is offered, else once.
Choice fixed_yes(const io::Question& question, io::Scope scope = io::Scope::once);

// What "always" would write, line by line; each is escaped and cut.
std::vector<std::string> written_lines(const io::Question& question);
// The same as text, and that it takes a "yes" now.
std::string render_always(const io::Question& question);
// "Denied: SERVICE" and who wanted it of whom.
std::string render(const io::Notice& notice);

}  // namespace policy::prompt
