// SPDX-License-Identifier: GPL-2.0-or-later
// Checks a log line by line: the chain, and that it reaches to where it is known to have stood.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/audit/chain.hpp"

namespace base::audit {

class LogCheck {
 public:
  // Where a log may begin: a file of its own goes on from one that was rotated away.
  enum class Begin : std::uint8_t { anywhere, at_first };

  // `known`: what the head file says; nothing where there is none.
  LogCheck(Begin begin, std::optional<Head> known) : begin_(begin), known_(std::move(known)) {}

  // One line without its newline. Once there is a problem the rest is not looked at.
  void line(std::string_view untrusted);
  // After the last line.
  void end();

  // Empty: none. "record 12 ..."; the caller adds the file and the line.
  const std::string& problem() const { return problem_; }
  const Head& head() const { return head_; }
  std::uint64_t records() const { return records_; }

 private:
  void compare_with_known();

  Begin begin_;
  std::optional<Head> known_;
  Head head_;
  std::uint64_t records_ = 0;
  bool met_known_ = false;
  std::string problem_;
};

}  // namespace base::audit
