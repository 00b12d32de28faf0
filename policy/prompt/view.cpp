// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/view.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/wire/escape.hpp"

namespace policy::prompt {
namespace {

constexpr std::size_t max_shown = 100;
constexpr std::size_t max_shown_details = 16;
constexpr std::size_t max_written_line = 400;
constexpr std::size_t fact_column = 11;

struct Known {
  const char* key;
  std::string_view label;
};
// Every other detail is the device's own word.
constexpr std::array known_facts{Known{"rule", "Rule"},           Known{"asked by", "Asked by"},
                                 Known{"port", "Port"},           Known{"history", "History"},
                                 Known{"changed", changed_label}, Known{"scan", "Scan"},
                                 Known{"access", "Access"}};

bool is_fact(const std::string& key) {
  return std::any_of(known_facts.begin(), known_facts.end(),
                     [&key](const Known& each) { return key == each.key; });
}

// "  Port:      4-1"
std::string fact_line(std::string_view label, const std::string& value) {
  std::string text(label);
  if (label == changed_label) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  }
  text += ":";
  text.resize(std::max(text.size() + 1, fact_column), ' ');
  return "  " + text + value + "\n";
}

std::string render_details(const io::Question& question) {
  std::string text;
  for (const Detail& each : facts_of(question)) text += fact_line(each.label, each.value);
  const auto claims = claims_of(question);
  if (claims.empty()) return text;
  text += "  " + std::string(claims_heading) + ":\n";
  for (const Detail& each : claims) text += "    " + each.label + ": " + each.value + "\n";
  return text;
}

bool offers(const io::Question& question, io::Scope scope) {
  return scope == io::Scope::once ||
         std::find(question.scopes.begin(), question.scopes.end(), scope) != question.scopes.end();
}

// "p" and "a", and what they stand for; once is what needs no letter.
std::optional<io::Scope> scope_of(std::string_view word) {
  if (word == "p" || word == "P") return io::Scope::while_plugged;
  if (word == "a" || word == "A") return io::Scope::always;
  return std::nullopt;
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

std::string shown(std::string_view untrusted) { return base::wire::escape(untrusted, max_shown); }

std::string operation_of(const io::Question& question) {
  const bool argument = !question.argument.empty() && question.argument != "+";
  return shown(question.service) + (argument ? " " + shown(question.argument) : "");
}

std::vector<Detail> facts_of(const io::Question& question) {
  std::vector<Detail> facts;
  for (const Known& each : known_facts) {
    const auto found = question.details.find(each.key);
    if (found == question.details.end() || found->second.empty()) continue;
    facts.push_back({std::string(each.label), shown(found->second)});
  }
  return facts;
}

std::vector<Detail> claims_of(const io::Question& question) {
  std::vector<Detail> claims;
  for (const auto& [key, value] : question.details) {
    if (is_fact(key)) continue;
    if (claims.size() == max_shown_details) {
      claims.push_back({"more", "not shown"});
      break;
    }
    claims.push_back({shown(key), shown(value)});
  }
  return claims;
}

std::string spaced_digits(const io::Question& question) {
  std::string text;
  for (const char digit : question.digits)
    text += (text.empty() ? "" : " ") + std::string(1, digit);
  return text;
}

namespace {

std::string render_pairing(const io::Question& question) {
  std::string text = "\n==== Sallyport: is a person at the new keyboard? ====\n";
  text += fact_line("Keyboard in", shown(question.source));
  text += render_details(question);
  text += "  Type these digits on it:\n\n        " + spaced_digits(question) + "\n\n";
  return text + "  Until then its keys go nowhere. n or Enter refuses it.\n";
}

}  // namespace

std::string render(const io::Question& question, std::chrono::seconds limit) {
  if (question.about == io::Question::About::pairing) return render_pairing(question);
  std::string text = "\n==== Sallyport: may this happen? ====\n";
  text += fact_line("Source", shown(question.source));
  text += fact_line("Operation", operation_of(question));
  text += render_details(question) + render_targets(question);
  const bool single = question.targets.size() == 1;
  text += single ? "  y, 1 or the name allows it; n or Enter refuses; "
                 : "  A number or a name allows that target; n or Enter refuses; ";
  text += "no answer in " + std::to_string(limit.count()) + " s refuses.\n";
  const std::string_view behind = single ? "" : " behind it";
  if (offers(question, io::Scope::while_plugged)) {
    text += "  p" + std::string(behind) + " allows it as long as the device stays plugged in.\n";
  }
  if (offers(question, io::Scope::always)) {
    text += "  a" + std::string(behind) + " allows it always, after showing what is written.\n";
  }
  if (!question.scan_first.empty()) {
    text += "  s refuses it for now, has it scanned, and asks again if it is clean.\n";
  }
  return text;
}

Choice read_choice(std::string_view line, const io::Question& question) {
  const std::string_view words = strip(line);
  if (words.empty() || words == "n" || words == "N" || words == "no") {
    return {Choice::Kind::deny, {}};
  }
  // Names first: a qube may be called "2", and its name is what the user reads.
  const auto named = std::find(question.targets.begin(), question.targets.end(), words);
  if (named != question.targets.end()) return {Choice::Kind::allow, *named};
  if ((words == "s" || words == "S") && !question.scan_first.empty()) {
    return {Choice::Kind::scan_first, {}};
  }
  const std::size_t blank = words.find_last_of(" \t");
  const std::string_view last = blank == std::string_view::npos ? words : words.substr(blank + 1);
  const auto scope = scope_of(last);
  std::string_view word = words;
  if (scope) {
    if (!offers(question, *scope)) return {};
    // Alone it is a yes to the only target.
    word = blank == std::string_view::npos ? "y" : strip(words.substr(0, blank));
    const auto again = std::find(question.targets.begin(), question.targets.end(), word);
    if (again != question.targets.end()) return {Choice::Kind::allow, *again, *scope};
  }
  const io::Scope how = scope.value_or(io::Scope::once);
  if ((word == "y" || word == "Y" || word == "yes") && question.targets.size() == 1) {
    return {Choice::Kind::allow, question.targets.front(), how};
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  if (number < 1 || number > question.targets.size()) return {};
  return {Choice::Kind::allow, question.targets[number - 1], how};
}

Choice fixed_yes(const io::Question& question, io::Scope scope) {
  const io::Scope how = offers(question, scope) ? scope : io::Scope::once;
  if (!question.default_target.empty()) {
    return {Choice::Kind::allow, question.default_target, how};
  }
  if (question.targets.size() == 1) return {Choice::Kind::allow, question.targets.front(), how};
  return {Choice::Kind::deny, {}};
}

std::vector<std::string> written_lines(const io::Question& question) {
  std::vector<std::string> lines;
  std::string_view rest = question.always_writes;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    lines.push_back(base::wire::escape(line, max_written_line));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return lines;
}

std::string render_always(const io::Question& question) {
  std::string text = "  This will be written, and asked no more:\n";
  for (const std::string& line : written_lines(question)) text += "    " + line + "\n";
  return text + "  Type yes to write it; anything else goes back. ";
}

std::string render(const io::Notice& notice) {
  std::string_view title = "Denied: ";
  std::string_view verb = "Denied ";
  switch (notice.resolution) {
    case io::Notice::Resolution::allow:
      title = "Allowed: ";
      verb = "Allowed ";
      break;
    case io::Notice::Resolution::deny:
      break;
    case io::Notice::Resolution::fail:
      title = "Failed: ";
      verb = "Failed ";
      break;
  }
  std::string call = shown(notice.service);
  if (!notice.argument.empty() && notice.argument != "+") call += shown(notice.argument);
  return std::string(title) + call + "\n  " + std::string(verb) + call + " from " +
         shown(notice.source) + " to " + shown(notice.target) + "\n";
}

}  // namespace policy::prompt
