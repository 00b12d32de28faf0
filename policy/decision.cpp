// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/decision.hpp"

#include <utility>

namespace policy {

std::string_view name_of(Decision::Kind kind) {
  switch (kind) {
    case Decision::Kind::allow:
      return "allow";
    case Decision::Kind::ask:
      return "ask";
    case Decision::Kind::deny:
      break;
  }
  return "deny";
}

std::string handling_of(const Decision& decision) {
  return (decision.input ? decision.input->written : std::string()) +
         (decision.terms ? decision.terms->written : std::string());
}

Decision deny(std::string message, std::string rule) {
  Decision decision;
  decision.rule = std::move(rule);
  decision.message = std::move(message);
  return decision;
}

Decision ask_instead(Decision allowed) {
  allowed.kind = Decision::Kind::ask;
  allowed.targets = {allowed.target};
  return allowed;
}

}  // namespace policy
