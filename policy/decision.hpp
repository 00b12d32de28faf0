// SPDX-License-Identifier: GPL-2.0-or-later
// What policy says about one call.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/device_terms.hpp"
#include "policy/input_handling.hpp"

namespace policy {

// A default-made Decision denies.
struct Decision {
  enum class Kind { allow, deny, ask } kind = Kind::deny;
  std::string source = {};  // who calls, by name
  // allow: the qube that gets the call, or @dispvm:NAME; deny of a loopback: what it would have
  // been
  std::string target = {};
  std::vector<std::string> targets = {};  // ask: what may be chosen, sorted
  std::string default_target = {};        // ask: the one to preselect; empty: none
  std::string user = {};                  // empty: the service's own default
  bool notify = true;
  bool autostart = true;
  std::optional<std::chrono::seconds> timeout = {};  // ask: how long to wait, if the rule says so
  // allow, ask: how an input device is treated; nullptr: as usual
  std::shared_ptr<const InputHandling> input = {};
  // allow, ask: what may be done with a device; nullptr: as usual
  std::shared_ptr<const DeviceTerms> terms = {};
  std::string rule = {};                       // "FILE:LINE" of the rule that decided, or empty
  std::optional<std::size_t> rule_index = {};  // its place in the Ruleset
  std::string effective_target = {};           // what rules were tried with; empty: none were
  std::string message = {};                    // deny: why, in Qubes' words
  std::vector<std::string> warnings = {};      // to be logged, whatever the kind
};

std::string_view name_of(Decision::Kind kind);  // "allow", "deny", "ask"

// How a device is treated, as its rule says it: " pair=new keys=+vt", " read-only=yes"; empty: as
// usual.
std::string handling_of(const Decision& decision);

Decision deny(std::string message, std::string rule = {});
// What an allow would have let happen, for a person to judge.
Decision ask_instead(Decision allowed);

}  // namespace policy
