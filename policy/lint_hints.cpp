// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/lint_hints.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "policy/device_terms.hpp"
#include "policy/input_handling.hpp"
#include "policy/near_word.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

using WordList = std::span<const std::string_view>;

constexpr std::array known_actions = {std::string_view("allow"), std::string_view("deny"),
                                      std::string_view("ask")};
constexpr std::array known_parameters = {
    std::string_view("target"),        std::string_view("default_target"),
    std::string_view("user"),          std::string_view("notify"),
    std::string_view("autostart"),     std::string_view("timeout"),
    std::string_view("device"),        std::string_view("class"),
    std::string_view("ports"),         std::string_view("usbguard"),
    std::string_view("usb"),           std::string_view("scan"),
    std::string_view("pair"),          std::string_view("keys"),
    std::string_view("injection"),     std::string_view("games"),
    std::string_view("max-keyboards"), std::string_view("events"),
    std::string_view("presses"),       std::string_view("read-only"),
    std::string_view("interfaces"),    std::string_view("vendor-requests"),
    std::string_view("auto-typing"),   std::string_view("firmware")};
constexpr std::array known_directives = {
    std::string_view("!include"), std::string_view("!include-dir"),
    std::string_view("!include-service"), std::string_view("!compat-4.0")};

// What other systems call the three actions.
struct Synonym {
  std::string_view word;
  std::string_view action;
};
constexpr std::array action_synonyms = {
    Synonym{"yes", "allow"},   Synonym{"permit", "allow"}, Synonym{"accept", "allow"},
    Synonym{"grant", "allow"}, Synonym{"pass", "allow"},   Synonym{"no", "deny"},
    Synonym{"drop", "deny"},   Synonym{"reject", "deny"},  Synonym{"block", "deny"},
    Synonym{"refuse", "deny"}, Synonym{"forbid", "deny"},  Synonym{"prompt", "ask"},
    Synonym{"confirm", "ask"}};

std::string did_you_mean(std::string_view word) { return "did you mean " + quote_word(word) + "?"; }

std::string name_action(std::string_view written) {
  const std::string lower = lower_case(written);
  for (const Synonym& synonym : action_synonyms) {
    if (lower == synonym.word) return std::string(synonym.action);
  }
  return nearest(written, WordList(known_actions)).value_or("");
}

// "@tag:x" -> "@tag:" and "x"
struct Keyword {
  std::string_view head;
  std::string_view value;
};

Keyword split_keyword(std::string_view written) {
  const std::size_t colon = written.find(':');
  if (colon == std::string_view::npos) return {written, {}};
  return {written.substr(0, colon + 1), written.substr(colon + 1)};
}

std::string misspelt_keyword(std::string_view written) {
  constexpr std::array plain = {std::string_view("@anyvm"), std::string_view("@adminvm"),
                                std::string_view("@default"), std::string_view("@dispvm")};
  constexpr std::array with_value = {std::string_view("@tag:"), std::string_view("@type:"),
                                     std::string_view("@dispvm:")};
  const Keyword keyword = split_keyword(written);
  const bool has_colon = keyword.head.ends_with(':');
  const auto meant = nearest(keyword.head, has_colon ? WordList(with_value) : WordList(plain));
  if (!meant) {
    return "the keywords are @anyvm, @adminvm, @default, @tag:TAG, @type:TYPE, @dispvm, "
           "@dispvm:NAME and @dispvm:@tag:TAG; a qube's name stands without '@'";
  }
  return did_you_mean(*meant + std::string(keyword.value));
}

// The keyword is right, but not here.
std::string misplaced_keyword(std::string_view written, Place place) {
  if (place == Place::source) {
    if (written == "@default") return "only a target can be @default: every caller has a name";
    return "a disposable calls under its own name; write '@type:DispVM' for all of them";
  }
  if (place == Place::redirect && written == "@default") {
    return "it names no qube; write the name of one";
  }
  return "exactly one qube can stand here: a name, 'dom0', '@dispvm' or '@dispvm:NAME'";
}

bool is_keyword(std::string_view written) {
  for (const Place place : {Place::source, Place::target}) {
    if (Token::parse(written, place)) return true;
  }
  return false;
}

std::optional<std::string> other_case_of(std::string_view written, WordList known) {
  const auto near = nearest(written, known);
  return near && *near == lower_case(written) ? near : std::nullopt;
}

std::string hint_for_key(std::string_view key, std::string_view value, std::string_view action) {
  if (action == "deny" &&
      (key == "target" || key == "default_target" || key == "user" || key == "autostart")) {
    return "a deny goes nowhere: take '" + std::string(key) + "=' out, or change the action";
  }
  if (action == "deny" && (InputHandling::knows(key) || DeviceTerms::knows(key))) {
    return "a deny lets no device in: take '" + std::string(key) + "=' out, or change the action";
  }
  if ((action == "allow" || action == "deny") && (key == "default_target" || key == "timeout")) {
    return "only 'ask' takes '" + std::string(key) + "='" +
           (key == "default_target" ? "; to send the call elsewhere write 'target='" : "");
  }
  const bool flag = key == "notify" || key == "autostart";
  if (flag && (value == "true" || value == "on" || value == "1" || lower_case(value) == "yes")) {
    return did_you_mean(std::string(key) + "=yes");
  }
  if (flag && (value == "false" || value == "off" || value == "0" || lower_case(value) == "no")) {
    return did_you_mean(std::string(key) + "=no");
  }
  if (key == "target" || key == "default_target") return hint_for_token(value, Place::redirect);
  if (std::find(known_parameters.begin(), known_parameters.end(), key) != known_parameters.end())
    return {};
  std::string spelt(key);
  std::replace(spelt.begin(), spelt.end(), '-', '_');
  if (const auto near = nearest(spelt, known_parameters)) {
    return did_you_mean(*near + "=" + std::string(value));
  }
  return "no parameter has this name";
}

}  // namespace

std::string quote_word(std::string_view word) {
  constexpr std::size_t most = 100;
  return quote(word.size() > most ? std::string(word.substr(0, most)) + "..." : std::string(word));
}

bool looks_like_action(std::string_view written) {
  const std::string lower = lower_case(written.substr(0, written.find(',')));
  return std::find(known_actions.begin(), known_actions.end(), lower) != known_actions.end();
}

std::string hint_for_action(std::string_view written) {
  const std::size_t comma = written.find(',');
  if (comma != std::string_view::npos && looks_like_action(written)) {
    std::string modern = lower_case(written.substr(0, comma));
    modern += written.substr(comma);
    std::replace(modern.begin(), modern.end(), ',', ' ');
    while (modern.ends_with(' ')) modern.pop_back();
    return "a comma-separated parameter list is the old format: write " + quote_word(modern);
  }
  if (looks_like_action(written)) {
    return did_you_mean(lower_case(written)) + " Actions are written in small letters";
  }
  if (const std::string meant = name_action(written); !meant.empty()) return did_you_mean(meant);
  return "the action is one of allow, deny and ask";
}

std::string hint_for_token(std::string_view written, Place place) {
  if (written.empty()) return "nothing stands behind the '='";
  if (!written.starts_with('@')) {
    return written == "*" ? misplaced_keyword(written, place) : std::string();
  }
  if (is_keyword(written)) return misplaced_keyword(written, place);
  const Keyword keyword = split_keyword(written);
  if (keyword.head == dispvm_prefix && keyword.value.starts_with('@')) {
    if (place == Place::redirect) return misplaced_keyword(written, place);
    const Keyword inner = split_keyword(keyword.value);
    return did_you_mean("@dispvm:@tag:" + std::string(inner.value.empty() ? "TAG" : inner.value)) +
           " Behind '@dispvm:' stands a qube's name or '@tag:TAG'";
  }
  if (keyword.head.ends_with(':') && keyword.value.empty()) {
    if (keyword.head == dispvm_prefix) return "did you mean '@dispvm', or '@dispvm:NAME'?";
    if (keyword.head == "@tag:" || keyword.head == "@type:") {
      return "a name must stand behind the colon";
    }
  }
  return misspelt_keyword(written);
}

std::string hint_for_service(std::string_view written) {
  if (written.starts_with("\xef\xbb\xbf")) {
    return "the file begins with a byte order mark: save it without one";
  }
  const std::size_t plus = written.find('+');
  if (plus != std::string_view::npos && plus > 0) {
    return "the argument is a column of its own: write " +
           quote_word(std::string(written.substr(0, plus)) + " " +
                      std::string(written.substr(plus)));
  }
  if (written.starts_with('@') || written.starts_with('$')) {
    return "the first column is a service; a rule is SERVICE ARGUMENT SOURCE TARGET ACTION";
  }
  return {};
}

std::string hint_for_argument(std::string_view written) {
  if (written.starts_with('@') || written.starts_with('$')) {
    return "the second column is the argument: '*' for any, '+' for none, '+TEXT'";
  }
  return "did you mean " + quote_word("+" + std::string(written)) + ", or '*' for any argument?";
}

std::string hint_for_parameter(std::string_view written, std::string_view action) {
  if (written.starts_with('#')) return "a comment must stand on a line of its own";
  const std::size_t equals = written.find('=');
  const std::string_view key = written.substr(0, equals);
  if (equals != std::string_view::npos && equals > 0 && key.find(',') == std::string_view::npos) {
    const std::string_view value = written.substr(equals + 1);
    if (const auto lower = other_case_of(key, known_parameters); lower && *lower != key) {
      return did_you_mean(*lower + "=" + std::string(value));
    }
    const std::size_t comma = value.find(',');
    const bool lists = key == "target" || key == "default_target" || key == "user" ||
                       key == "notify" || key == "autostart";
    if (lists && comma != std::string_view::npos) {
      return "a comma-separated parameter list is the old format: put a blank between parameters";
    }
    return hint_for_key(key, value, action);
  }
  const std::size_t colon = written.find(':');
  if (colon != std::string_view::npos) {
    if (const auto near = nearest(written.substr(0, colon), known_parameters)) {
      return did_you_mean(*near + "=" + std::string(written.substr(colon + 1)));
    }
  }
  if (written.starts_with('=') || written.ends_with('=')) return "no blanks around '='";
  if (const auto near = nearest(written, known_parameters)) {
    return "a parameter is written " + *near + "=VALUE, without blanks around '='";
  }
  if (looks_like_action(written)) return "the action stood before it; a rule has one";
  return "behind the action stand parameters: KEY=VALUE";
}

std::string hint_for_directive(std::string_view written) {
  std::string name(written);
  if (!name.starts_with('!')) name.insert(0, "!");
  while (name.ends_with(':')) name.pop_back();
  if (name.starts_with("!compat")) return did_you_mean("!compat-4.0");
  if (const auto near = nearest(name, known_directives)) return did_you_mean(*near);
  return "the directives are !include, !include-dir, !include-service and !compat-4.0";
}

}  // namespace policy
