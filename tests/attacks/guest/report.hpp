// SPDX-License-Identifier: GPL-2.0-or-later
// What became of one attack, as the runner in the machine tells it: "key=value" lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/attacks/attack.hpp"

namespace attacks {

struct Report {
  Outcome outcome = Outcome::attached;
  std::string frontend;              // its last words
  std::string backend;               // its last words
  std::vector<std::string> drivers;  // that bound to the target's device
  std::vector<std::string> alarms;   // lines of the kernel's log that must not be
  std::vector<std::string> left;     // what was still there afterwards
  std::string source_driver;         // one that bound in sys-usb: then nothing is shown
  std::string honest;                // empty: the honest device still works
  std::string error;                 // of the runner
  long frontend_kib = 0, backend_kib = 0;
  long taint = 0;
  long available_mib = 0;
  long milliseconds = 0;
  std::vector<std::string> log;  // the end of the kernel's log, to understand the rest
};

std::string to_text(const Report& report);
// Nothing of it is trusted to be complete: what is missing stays empty. A report without an outcome
// is an error.
Report report_from(std::string_view text);

}  // namespace attacks
