// SPDX-License-Identifier: GPL-2.0-or-later
// What a user is asked, and what came of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy::io {

// How far a yes goes.
enum class Scope { once, while_plugged, always };
std::string_view name_of(Scope scope);  // "once", "while-plugged", "always"

struct Question {
  // A call that policy asks about, or which qube is to have a device (Qubes' device agent).
  // Or it is no question: digits that are to be typed on a new keyboard, which may only be refused.
  enum class About { call, device, pairing } about = About::call;
  std::string source = {};
  std::string service = {};
  std::string argument = {};
  std::vector<std::string> targets = {};
  std::string default_target = {};                // empty: none
  std::map<std::string, std::string> icons = {};  // by qube
  // What the device says about itself and what dom0 knows, shown as claims: "device", "port",
  // "rule", ...
  std::map<std::string, std::string> details = {};
  // What may be answered beside once; empty: only that.
  std::vector<Scope> scopes = {};
  std::string always_writes = {};  // shown before "always" is confirmed
  // "BACKEND:PORT" of a medium that the scanner can look at before anybody gets it; empty: none.
  std::string scan_first = {};
  std::string scan_for = {};  // with scan_first: the qube that is to have it if it is clean
  std::string digits = {};    // pairing: what is to be typed
  // How long it stands once somebody can see it; nullopt: the agent's own time.
  std::optional<std::chrono::seconds> timeout = {};
};

enum class Outcome { allowed, denied, nobody_to_ask, timed_out, invalid };

struct Answer {
  Outcome outcome = Outcome::denied;
  std::string target = {};    // allowed: what was chosen, always one of the question's targets
  Scope scope = Scope::once;  // allowed: once, or one of the question's scopes
  std::string reason = {};    // else: one line for people
  std::optional<uid_t> approver = {};  // the user whose agent said yes or no
};

// What became of a call, for people to know: policy.Notify.
struct Notice {
  enum class Resolution { allow, deny, fail } resolution = Resolution::deny;
  std::string service = {};
  std::string argument = {};
  std::string source = {};
  std::string target = {};
};

}  // namespace policy::io
