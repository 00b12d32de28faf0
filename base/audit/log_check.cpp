// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/audit/log_check.hpp"

namespace base::audit {

void LogCheck::line(std::string_view untrusted) {
  if (!problem_.empty()) return;
  if (records_ == 0 && begin_ == Begin::anywhere) {
    const auto first = head_of(untrusted);
    if (!first) {
      problem_ = "the first record " + std::string(describe(Flaw::edited));
      return;
    }
    head_ = *first;
  } else if (const auto checked = check_line(head_, untrusted); !checked) {
    const std::string place =
        records_ == 0 ? std::string("the first record") : "record " + std::to_string(head_.seq + 1);
    problem_ = place + " " + std::string(describe(checked.error()));
    return;
  }
  ++records_;
  compare_with_known();
}

void LogCheck::compare_with_known() {
  if (!known_ || head_.seq != known_->seq) return;
  met_known_ = true;
  if (head_.hash != known_->hash) {
    problem_ = "record " + std::to_string(head_.seq) +
               " is not the one that was written: the log " + "was made anew up to there";
  }
}

void LogCheck::end() {
  if (!problem_.empty() || !known_ || known_->seq == 0 || met_known_) return;
  // A crash between a record and the head file leaves the log ahead, never behind.
  if (records_ == 0 || head_.seq < known_->seq) {
    problem_ = "the log was cut: record " + std::to_string(known_->seq) +
               " was written, the last one is " + std::to_string(head_.seq);
  }
}

}  // namespace base::audit
