// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/view.hpp"

#include <algorithm>
#include <charconv>

#include "base/wire/escape.hpp"

namespace policy::prompt {
namespace {

constexpr std::size_t max_shown = 100;
constexpr std::size_t max_shown_details = 16;
constexpr const char* rule_key = "rule";

std::string shown(std::string_view untrusted) { return base::wire::escape(untrusted, max_shown); }

std::string render_claims(const io::Question& question) {
  std::string text;
  std::size_t count = 0;
  for (const auto& [key, value] : question.details) {
    if (key == rule_key) continue;
    if (++count > max_shown_details) {
      text += "    (more, not shown)\n";
      break;
    }
    text += "    " + shown(key) + ": " + shown(value) + "\n";
  }
  return text.empty() ? text : "  What the device claims (nobody has checked it):\n" + text;
}

std::string render_targets(const io::Question& question) {
  std::string text = "  Targets:\n";
  for (std::size_t i = 0; i < question.targets.size(); ++i) {
    text += "    " + std::to_string(i + 1) + ") " + shown(question.targets[i]);
    if (question.targets[i] == question.default_target) text += "   (suggested)";
    text += "\n";
  }
  return text;
}

std::string_view strip(std::string_view line) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t start = line.find_first_not_of(blank);
  if (start == std::string_view::npos) return {};
  return line.substr(start, line.find_last_not_of(blank) - start + 1);
}

}  // namespace

std::string render(const io::Question& question, std::chrono::seconds limit) {
  std::string text = "\n==== Sallyport: may this happen? ====\n";
  text += "  Source:    " + shown(question.source) + "\n";
  text += "  Operation: " + shown(question.service);
  if (!question.argument.empty() && question.argument != "+") {
    text += " " + shown(question.argument);
  }
  text += "\n";
  const auto rule = question.details.find(rule_key);
  if (rule != question.details.end()) text += "  Rule:      " + shown(rule->second) + "\n";
  text += render_claims(question) + render_targets(question);
  const bool single = question.targets.size() == 1;
  text += single ? "  y, 1 or the name allows it; n or Enter refuses; "
                 : "  A number or a name allows that target; n or Enter refuses; ";
  return text + "no answer in " + std::to_string(limit.count()) + " s refuses.\n";
}

Choice read_choice(std::string_view line, const io::Question& question) {
  const std::string_view word = strip(line);
  if (word.empty() || word == "n" || word == "N" || word == "no") {
    return {Choice::Kind::deny, {}};
  }
  // Names first: a qube may be called "2", and its name is what the user reads.
  const auto named = std::find(question.targets.begin(), question.targets.end(), word);
  if (named != question.targets.end()) return {Choice::Kind::allow, *named};
  if ((word == "y" || word == "Y" || word == "yes") && question.targets.size() == 1) {
    return {Choice::Kind::allow, question.targets.front()};
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  if (number < 1 || number > question.targets.size()) return {};
  return {Choice::Kind::allow, question.targets[number - 1]};
}

Choice fixed_yes(const io::Question& question) {
  if (!question.default_target.empty()) return {Choice::Kind::allow, question.default_target};
  if (question.targets.size() == 1) return {Choice::Kind::allow, question.targets.front()};
  return {Choice::Kind::deny, {}};
}

}  // namespace policy::prompt
