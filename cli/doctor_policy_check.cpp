// SPDX-License-Identifier: GPL-2.0-or-later
// What policy says to the keyboards of qubes, and whether somebody could answer it.
#include <algorithm>
#include <utility>

#include "cli/doctor_checks.hpp"

namespace cli::doctor {
namespace {

// What could answer a prompt when no keyboard can: empty, nothing.
std::string answers_without_keyboard(const Facts& facts) {
  if (!facts.mouse_allowed.empty()) return "a mouse of " + facts.mouse_allowed.front();
  if (const auto* pointer = first_kept(facts.pointers, facts.owners)) return describe(*pointer);
  if (!facts.serial_console.empty()) return "the console " + facts.serial_console;
  return {};
}

std::string rule_for(const KeyboardAnswer& answer) {
  std::string rule = "qubes.InputKeyboard  *  " + answer.qube + "  @adminvm  allow";
  // The bus may have another number in the qube, where qvm-usb shows it.
  if (!answer.keyboard.port.empty()) rule += "  ports=" + answer.keyboard.port;
  return rule + "  pair=no";  // nobody sees digits before a login
}

constexpr const char* keep_one = "keep a keyboard on PS/2, or on a controller that no qube has";

Finding judge_digits(const KeyboardAnswer& typed, const Facts& facts) {
  Finding finding{.check = "policy", .severity = Severity::problem};
  finding.found = "for keyboards of " + typed.qube + " policy wants digits typed on them (" +
                  typed.answer->by + ")";
  if (facts.serial_console.empty()) {
    finding.found +=
        ", which nobody is shown before a login; after the next start nobody could type";
  } else {
    finding.severity = Severity::warning;
    finding.found += ", which are shown after a login; only at the console " +
                     facts.serial_console + " could somebody log in";
  }
  finding.remedy = {"let it in without digits, by a rule before that one: " + rule_for(typed),
                    keep_one};
  return finding;
}

Finding judge_ask(const KeyboardAnswer& ask, const Facts& facts) {
  Finding finding{.check = "policy", .severity = Severity::problem};
  finding.found = "for keyboards of " + ask.qube + " policy says ask (" + ask.answer->by + ")";
  if (const auto way = answers_without_keyboard(facts); !way.empty()) {
    finding.severity = Severity::warning;
    finding.found += "; only " + way + " could answer the prompt";
  } else {
    finding.found += "; after the next start nobody could answer the prompt";
  }
  finding.remedy = {"allow it by a rule before that one: " + rule_for(ask), keep_one};
  if (finding.severity == Severity::problem) {
    finding.remedy.push_back("let a mouse answer: qubes.InputMouse  *  " + ask.qube +
                             "  @adminvm  allow");
    finding.remedy.emplace_back("answer on a serial console (console=ttyS0)");
  }
  return finding;
}

Finding judge_refused(const KeyboardAnswer& refused, const Facts& facts) {
  Finding finding{.check = "policy", .severity = Severity::problem};
  if (refused.answer) {
    finding.found = "for keyboards of " + refused.qube + " policy says deny (" +
                    refused.answer->by + "); after the next start nobody could type";
    finding.remedy = {"allow it by a rule: " + rule_for(refused), keep_one};
  } else {
    finding.found = "policy cannot be read, which denies everything when the daemon starts: " +
                    refused.answer.error().text;
    finding.remedy = {"mend it; `sallyport policy check` shows all that is wrong"};
  }
  if (!facts.serial_console.empty()) finding.severity = Severity::warning;
  return finding;
}

// The best of the answers counts: one keyboard is enough.
}  // namespace

Finding check_policy(const Facts& facts) {
  if (facts.answers.empty()) {
    return {.check = "policy", .found = "no keyboard of a qube is to be let in", .remedy = {}};
  }
  // Behind all answers: a policy that cannot be read.
  const auto rank = [](const KeyboardAnswer& each) {
    return each.answer ? static_cast<int>(each.answer->answer) : static_cast<int>(Answer::deny) + 1;
  };
  const KeyboardAnswer& best = *std::ranges::min_element(facts.answers, {}, rank);
  const std::string whose = "keyboards of " + best.qube;
  const auto* kept = first_kept(facts.keyboards, facts.owners);
  const auto fine = [](std::string found) {
    return Finding{.check = "policy", .found = std::move(found), .remedy = {}};
  };
  switch (best.answer ? best.answer->answer : Answer::deny) {
    case Answer::allow:
      return fine(whose + " are let in without a question (" + best.answer->by + ")");
    case Answer::digits:
      if (kept == nullptr) return judge_digits(best, facts);
      return fine(whose + " are let in once digits are typed on them; " + kept->event + " stays");
    case Answer::ask:
      if (kept == nullptr) return judge_ask(best, facts);
      return fine(whose + " are asked about, which " + kept->event + " can answer");
    case Answer::deny:
      break;
  }
  if (kept == nullptr) return judge_refused(best, facts);
  return fine(whose + " are not let in; " + kept->event + " stays");
}

Finding check_prompt(const Facts& facts) {
  const bool asked = std::ranges::any_of(facts.answers, [](const auto& each) {
    return each.answer &&
           (each.answer->answer == Answer::ask || each.answer->answer == Answer::digits);
  });
  if (facts.prompt_agent == Presence::present) {
    return {.check = "prompt", .found = "a prompt agent listens", .remedy = {}};
  }
  if (!asked) return {.check = "prompt", .found = "none is needed for keyboards", .remedy = {}};
  return {
      .check = "prompt",
      .severity = Severity::warning,
      .found =
          "no prompt agent listens now, so a question about a keyboard, or its digits, would be "
          "denied",
      .remedy = {"start sallyport-prompt-qt with the desktop, or sallyport-prompt in a terminal"}};
}

}  // namespace cli::doctor
