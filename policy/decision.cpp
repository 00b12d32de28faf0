// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/decision.hpp"

#include <utility>

namespace policy {

Decision deny(std::string message, std::string rule) {
  Decision decision;
  decision.rule = std::move(rule);
  decision.message = std::move(message);
  return decision;
}

}  // namespace policy
