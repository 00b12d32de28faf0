// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/log_tool.hpp"

#include <sys/stat.h>

#include <csignal>
#include <ctime>
#include <iostream>
#include <thread>

#include "base/audit/io/log_files.hpp"
#include "cli/argument_spec.hpp"
#include "cli/device_command.hpp"
#include "cli/log_command.hpp"

namespace cli::io {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds poll_every{300};

// Set by SIGINT and SIGTERM: --follow ends, and that is its right end.
volatile std::sig_atomic_t interrupted = 0;  // NOLINT: what a signal handler may touch

CommandSpec log_spec() {
  return {.prog = "sallyport log",
          .description = "Shows the audit log, or checks that nobody changed it.",
          .options = {help_option(),
                      {{"--follow", "-f"}, "", "go on with what is written from now on"},
                      {{"--json"}, "", "the records as they are, one JSON object a line"},
                      {{"--since"}, "TIME", "only from 2h or 7d ago, or from 2026-11-01 on (UTC)"}},
          .positionals = {{"verify", "check the whole chain instead", Count::optional}},
          .commands = {}};
}

struct Settings {
  bool help = false;
  bool json = false;
  bool follow = false;
  bool verify = false;
  std::string since;
};

base::Result<Settings> settings_of(const CommandSpec& spec, const Words& words) {
  const auto given = read_arguments(spec, words);
  if (!given) return base::fail(given.error().text);
  Settings settings{.help = given->has("--help"),
                    .json = given->has("--json"),
                    .follow = given->has("--follow"),
                    .verify = !given->positionals[0].empty(),
                    .since = {}};
  if (settings.help) return settings;
  if (!given->unrecognised.empty()) {
    return base::fail("unrecognized arguments: " + python_repr(given->unrecognised.front()));
  }
  if (settings.verify && given->positionals[0].front() != "verify") {
    return base::fail("not a command of log: " + python_repr(given->positionals[0].front()));
  }
  if (!given->has("--since")) return settings;
  auto since = parse_since(given->options.at("--since").back(), std::time(nullptr));
  if (!since) return base::fail(since.error().text);
  settings.since = *std::move(since);
  return settings;
}

bool show(std::string_view line, const Settings& settings) {
  if (interrupted != 0) return false;
  if (!settings.since.empty() && time_of_record(line) < settings.since) return true;
  if (settings.json) {
    std::cout << line << '\n';
  } else if (const auto text = format_record(line)) {
    std::cout << *text << '\n';
  } else {
    std::cout << "(a line that is no record)\n";
  }
  return std::cout.good();
}

int complain(const std::string& text) {
  std::cerr << "sallyport: error: " << text << '\n';
  return exit_failure;
}

// Nobody may take "I could not look" for "nothing is wrong".
base::Result<std::vector<fs::path>> files_of(const fs::path& current) {
  auto files = base::audit::log_files(current);
  if (files.empty()) {
    return base::fail("no audit log can be seen at " + current.string() +
                      "; it takes root or group sallyport-view to read it");
  }
  return files;
}

int verify(const fs::path& current) {
  const auto files = files_of(current);
  if (!files) return complain(files.error().text);
  const auto known = base::audit::known_head(current);
  base::audit::LogCheck check(base::audit::LogCheck::Begin::at_first, known);
  std::string first;
  std::string last;
  for (const fs::path& file : *files) {
    std::uint64_t number = 0;
    const auto left = base::audit::each_line(file, [&](std::string_view line) {
      ++number;
      check.line(line);
      if (first.empty()) first = time_of_record(line);
      last = time_of_record(line);
      return check.problem().empty();
    });
    if (!left) return complain(left.error().text);
    if (!check.problem().empty()) {
      return complain(file.string() + ":" + std::to_string(number) + ": " + check.problem());
    }
    if (*left > 0) {
      std::cout
          << file.string() << ": ends in an unfinished record of " << *left
          << " bytes, which was never acknowledged; the daemon sets it aside when it starts\n";
    }
  }
  check.end();
  if (!check.problem().empty()) return complain(current.string() + ": " + check.problem());
  if (!known) {
    return complain("there is no readable " + fs::path(current).replace_extension("head").string() +
                    ": whether the log's end was cut cannot be told");
  }
  std::cout << check.records() << " records, unbroken from " << first << " to " << last << '\n';
  return 0;
}

// From where it is on, also into the file that follows a full one.
int follow(const fs::path& current, const Settings& settings, std::uint64_t offset, ino_t inode) {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
  while (interrupted == 0 && std::cout.good()) {
    std::cout.flush();
    std::this_thread::sleep_for(poll_every);
    struct stat now {};
    if (::stat(current.c_str(), &now) != 0) continue;  // just being rotated
    fs::path file = current;
    if (now.st_ino != inode) {
      // The rest of the old file, then the new one from its beginning.
      const auto files = base::audit::log_files(current);
      if (files.size() > 1) file = files[files.size() - 2];
    }
    const bool same = now.st_ino == inode;
    if (same && static_cast<std::uint64_t>(now.st_size) <= offset) continue;
    const auto left = base::audit::each_line(
        file,
        [&](std::string_view line) {
          offset += line.size() + 1;
          return show(line, settings);
        },
        offset);
    if (!left) return complain(left.error().text);
    if (!same) offset = 0;
    inode = now.st_ino;
  }
  return 0;
}

}  // namespace

int run_log(const Words& words, const base::io::Paths& paths, std::size_t columns) {
  const CommandSpec spec = log_spec();
  const auto settings = settings_of(spec, words);
  if (!settings) {
    std::cerr << usage_error(spec, columns, settings.error().text);
    return exit_usage;
  }
  if (settings->help) {
    std::cout << format_help(spec, columns);
    return 0;
  }
  const fs::path current = paths.audit_log();
  if (settings->verify) return verify(current);
  const auto files = files_of(current);
  if (!files) return complain(files.error().text);
  std::uint64_t offset = 0;
  struct stat info {};
  for (const fs::path& file : *files) {
    offset = 0;
    if (::stat(file.c_str(), &info) != 0) continue;
    const auto left = base::audit::each_line(file, [&](std::string_view line) {
      offset += line.size() + 1;
      return show(line, *settings);
    });
    if (!left) return complain(left.error().text);
  }
  return settings->follow ? follow(current, *settings, offset, info.st_ino) : 0;
}

}  // namespace cli::io
