// SPDX-License-Identifier: GPL-2.0-or-later
// What policy says to the keyboards of qubes, and whether somebody could answer it.
#include <algorithm>

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

std::string rule_for(const KeyboardAnswer& answer, const std::string& service) {
  std::string rule = service + "  *  " + answer.qube + "  @adminvm  allow";
  // The bus may have another number in the qube, where qvm-usb shows it.
  if (!answer.keyboard.port.empty()) rule += "  ports=" + answer.keyboard.port;
  if (service == "qubes.InputKeyboard") rule += "  pair=no";  // nobody sees digits before a login
  return rule;
}

// Somebody has to answer, or to see the digits.
Finding judge_ask(const KeyboardAnswer& ask, const Facts& facts) {
  Finding finding{.check = "policy", .severity = Severity::problem};
  const bool digits = ask.answer->answer == Answer::digits;
  finding.found = "for keyboards of " + ask.qube +
                  (digits ? " policy wants digits typed on them (" : " policy says ask (") +
                  ask.answer->by + ")";
  if (digits && facts.serial_console.empty()) {
    finding.found +=
        ", which nobody is shown before a login; after the next start nobody could type";
  } else if (digits) {
    finding.severity = Severity::warning;
    finding.found += ", which are shown after a login; only at the console " +
                     facts.serial_console + " could somebody log in";
  } else if (const auto way = answers_without_keyboard(facts); !way.empty()) {
    finding.severity = Severity::warning;
    finding.found += "; only " + way + " could answer the prompt";
  } else {
    finding.found += "; after the next start nobody could answer the prompt";
  }
  finding.remedy = {(digits ? "let it in without digits, by a rule before that one: "
                            : "allow it by a rule before that one: ") +
                        rule_for(ask, "qubes.InputKeyboard"),
                    "keep a keyboard on PS/2, or on a controller that no qube has"};
  if (finding.severity == Severity::problem && !digits) {
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
    finding.remedy = {"allow it by a rule: " + rule_for(refused, "qubes.InputKeyboard"),
                      "keep a keyboard on PS/2, or on a controller that no qube has"};
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
  const auto rank = [](const KeyboardAnswer& each) {
    return each.answer ? static_cast<int>(each.answer->answer) : 3;
  };
  const auto best = std::ranges::min_element(facts.answers, {}, rank);
  if (best->answer && best->answer->answer == Answer::allow) {
    return {.check = "policy",
            .found = "keyboards of " + best->qube + " are let in without a question (" +
                     best->answer->by + ")",
            .remedy = {}};
  }
  const bool asks = best->answer && best->answer->answer != Answer::deny;
  Finding finding = asks ? judge_ask(*best, facts) : judge_refused(*best, facts);
  if (const auto* kept = first_kept(facts.keyboards, facts.owners)) {
    finding = {
        .check = "policy",
        .found = asks ? "keyboards of " + best->qube +
                            (best->answer->answer == Answer::digits
                                 ? " are let in once digits are typed on them; "
                                 : " are asked about, which ") +
                            kept->event +
                            (best->answer->answer == Answer::digits ? " stays" : " can answer")
                      : "keyboards of " + best->qube + " are not let in; " + kept->event + " stays",
        .remedy = {}};
  }
  return finding;
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
