// SPDX-License-Identifier: GPL-2.0-or-later
// One line of policy: service argument source target action [parameter=value ...].
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "policy/conditions.hpp"
#include "policy/device_terms.hpp"
#include "policy/input_handling.hpp"
#include "policy/request.hpp"
#include "policy/token.hpp"

namespace policy {

struct Rule {
  std::string file;
  unsigned line = 0;     // 0: in no line; what !compat-4.0 appends
  std::string service;   // "*": all
  std::string argument;  // "*": all; else "+..." exactly
  Token source;
  Token target;
  Action action = Action::deny;
  std::optional<Token> redirect = {};        // target=
  std::optional<Token> default_target = {};  // default_target=
  std::optional<std::string> user = {};      // an empty one is the default too, but was written
  bool notify = true;
  bool autostart = true;
  std::optional<std::chrono::seconds> timeout = {};  // timeout=: how long an ask waits
  std::shared_ptr<Conditions> conditions = {};       // ours, behind the action; nullptr: none

  std::shared_ptr<InputHandling> input = {};  // the same; nullptr: as usual
  std::shared_ptr<DeviceTerms> terms = {};    // the same; nullptr: as usual

  // "FILE:LINE", or "FILE:None"
  std::string where() const;
  // The five columns and what was written behind them, one blank between.
  std::string text() const;
  // Service, argument, source and conditions; the target is asked for apart, since an ask collects
  // over rules. `caller`: nullptr for one that dom0 does not know.
  bool matches_call(const SystemInfo& system, const Request& request,
                    const QubeFacts* caller) const;
};

// The first two fields of a rule. The error is the text behind "FILE:LINE: ", here and below.
base::Status check_service(std::string_view service, std::string_view argument);
// `line` is stripped, not blank, no comment.
base::Result<Rule> parse_rule(std::string_view line, std::string file, unsigned number);

}  // namespace policy
