// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes the lines of the audit log, as the tool reads them, and records made of any bytes.
#include <cstdint>
#include <cstdlib>

#include "base/audit/head_file.hpp"
#include "base/audit/log_check.hpp"
#include "cli/log_command.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace base::audit;
  const std::string_view untrusted = base::wire::as_text(std::as_bytes(std::span(data, size)));
  LogCheck check(LogCheck::Begin::anywhere, std::nullopt);
  check.line(untrusted);
  check.end();
  if (check.problem().empty() && check.records() != 1) std::abort();
  static_cast<void>(cli::format_record(untrusted));
  static_cast<void>(cli::time_of_record(untrusted));
  static_cast<void>(cli::parse_since(untrusted, 0));
  static_cast<void>(parse_head(untrusted));
  // What is written is whole, whatever a peer made its texts of, and is read back by the tool.
  Head head;
  const std::string line = append_line(head, "2026-01-01T00:00:00.000Z", "decision",
                                       {{"text", std::string(untrusted)}, {"more", "x"}});
  const std::string_view bare = std::string_view(line).substr(0, line.size() - 1);
  Head from;
  if (line.size() > max_line || !check_line(from, bare) || !(from == head)) std::abort();
  if (!cli::format_record(bare)) std::abort();
  return 0;
}
