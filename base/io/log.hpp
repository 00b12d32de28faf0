// SPDX-License-Identifier: GPL-2.0-or-later
// Structured log lines: a fixed event name and key=value pairs, to the journal or to stderr.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base::io {

enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog's numbers

// One per process, made in main and handed on by reference. Under systemd (JOURNAL_STREAM is set)
// lines go to the journal with the fields as journal fields; else to stderr as
// "level program event=NAME key=value ...". Values are escaped here, so callers pass a peer's text
// as it is. Never pass payload bytes or keystrokes.
class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;

  explicit Log(std::string program, Level most = Level::info);

  void write(Level level, std::string_view event, const std::vector<Field>& fields = {}) const;
  void error(std::string_view event, const std::vector<Field>& f = {}) const {
    write(Level::error, event, f);
  }
  void warning(std::string_view event, const std::vector<Field>& f = {}) const {
    write(Level::warning, event, f);
  }
  void notice(std::string_view event, const std::vector<Field>& f = {}) const {
    write(Level::notice, event, f);
  }
  void info(std::string_view event, const std::vector<Field>& f = {}) const {
    write(Level::info, event, f);
  }
  void debug(std::string_view event, const std::vector<Field>& f = {}) const {
    write(Level::debug, event, f);
  }

  // The text form, without a final newline; for tests and for files.
  std::string format(Level level, std::string_view event, const std::vector<Field>& fields) const;

 private:
  std::string program_;
  Level most_;
  bool journal_ = false;
};

}  // namespace base::io
