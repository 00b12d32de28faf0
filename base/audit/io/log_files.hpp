// SPDX-License-Identifier: GPL-2.0-or-later
// The audit log's files on disk, read in pieces: a log may be longer than memory.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/audit/log_check.hpp"
#include "base/wire/result.hpp"

namespace base::audit {

// Calls `take` with each whole line of the file, without its newline, as long as it returns true; a
// longer one than max_line is an error. `from`: where to begin, in bytes. Returns how many bytes
// behind the last newline are left.
base::Result<std::uint64_t> each_line(const std::filesystem::path& file,
                                      const std::function<bool(std::string_view)>& take,
                                      std::uint64_t from = 0);

// What open() of the daemon has to know of the current file.
struct LogState {
  Head head;
  std::uint64_t whole = 0;  // bytes up to the last newline
  std::uint64_t torn = 0;   // bytes behind it
  std::string problem;      // empty: none
};
base::Result<LogState> read_log(const std::filesystem::path& file,
                                const std::optional<Head>& known);

// All files of a log, oldest first: audit-000001.log, ..., audit.log.
std::vector<std::filesystem::path> log_files(const std::filesystem::path& current);
// What audit.head beside it says.
std::optional<Head> known_head(const std::filesystem::path& current);

}  // namespace base::audit
