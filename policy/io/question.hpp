// SPDX-License-Identifier: GPL-2.0-or-later
// What a user is asked, and what came of it.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace policy::io {

struct Question {
  std::string source = {};
  std::string service = {};
  std::string argument = {};
  std::vector<std::string> targets = {};
  std::string default_target = {};                // empty: none
  std::map<std::string, std::string> icons = {};  // by qube
  // What the device says about itself and what dom0 knows, shown as claims: "device", "port",
  // "rule", ...
  std::map<std::string, std::string> details = {};
};

enum class Outcome { allowed, denied, nobody_to_ask, timed_out, invalid };

struct Answer {
  Outcome outcome = Outcome::denied;
  std::string target = {};  // allowed: what was chosen, always one of the question's targets
  std::string reason = {};  // else: one line for people
};

}  // namespace policy::io
