// SPDX-License-Identifier: GPL-2.0-or-later
// A question as text for a terminal, and what a typed line means as its answer.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "policy/io/question.hpp"

namespace policy::prompt {

// Everything from outside is escaped and cut. The details are shown as claims, under a heading that
// says so; the rule, which is dom0's own, stands apart.
std::string render(const io::Question& question, std::chrono::seconds limit);

struct Choice {
  enum class Kind { allow, deny, unclear } kind = Kind::unclear;
  std::string target = {};
  io::Scope scope = io::Scope::once;
};
// A target's number or name allows it, and "y" does if there is only one; "n" and an empty line
// deny. Anything else is unclear: the question stays open.
Choice read_choice(std::string_view line, const io::Question& question);

// What a fixed answerer that says yes chooses: the default, or the only target. Denies otherwise.
// With the wanted scope where it is offered, else once.
Choice fixed_yes(const io::Question& question, io::Scope scope = io::Scope::once);

// What "always" would write, and that it takes a "yes" now.
std::string render_always(const io::Question& question);
// "Denied: SERVICE" and who wanted it of whom.
std::string render(const io::Notice& notice);

}  // namespace policy::prompt
