// SPDX-License-Identifier: GPL-2.0-or-later
// What this machine's kernel says from now on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.hpp"

namespace attacks {

class KernelLog {
 public:
  // Begins at the end of what was said before.
  static base::Result<KernelLog> open();

  // Takes in what is new.
  void read();
  const std::vector<std::string>& lines() const { return lines_; }
  bool says(std::string_view text) const;
  // Lines that no kernel in order writes.
  std::vector<std::string> alarms() const;

 private:
  explicit KernelLog(base::io::Fd file) : file_(std::move(file)) {}

  base::io::Fd file_;
  std::vector<std::string> lines_;
  bool lost_ = false;
};

// Whether a line of the kernel's log is an alarm.
bool is_alarm(std::string_view line);

}  // namespace attacks
