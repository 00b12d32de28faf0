// SPDX-License-Identifier: GPL-2.0-or-later
// Reads arguments, environment and terminal; see the header.
#include "cli/io/invocation.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <span>

#include "base/io/files.hpp"

namespace cli::io {
namespace {

constexpr std::string_view root_option = "--root";
constexpr std::size_t usual_columns = 80;
constexpr std::size_t max_columns = 1000;

// As Python has it: COLUMNS, else the terminal's width, else 80.
std::size_t terminal_columns() {
  std::size_t columns = 0;
  if (const char* text = std::getenv("COLUMNS"); text != nullptr) {  // NOLINT: one thread
    const std::string_view digits(text);
    std::from_chars(digits.data(), digits.data() + digits.size(), columns);
  }
  if (columns == 0) {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  }
  return columns == 0 ? usual_columns : std::min(columns, max_columns);
}

// Takes "--root DIR" and "--root=DIR" out; the last one counts.
base::Status take_root(Words& words, std::string& root) {
  Words rest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    if (words[i].starts_with(std::string(root_option) + "=")) {
      root = words[i].substr(root_option.size() + 1);
    } else if (words[i] == root_option) {
      if (i + 1 == words.size()) return base::fail("argument --root: expected one argument");
      root = words[++i];
    } else {
      rest.push_back(words[i]);
    }
  }
  if (root.empty()) return base::fail("argument --root: expected a folder");
  words = std::move(rest);
  return base::Ok{};
}

}  // namespace

base::Result<Invocation> read_invocation(int argc, char** argv) {
  base::io::ignore_sigpipe();
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  Invocation invocation;
  invocation.program = arguments.empty() ? "qvm-device" : arguments.front();
  for (std::size_t i = 1; i < arguments.size(); ++i) invocation.words.emplace_back(arguments[i]);
  const char* variable = std::getenv("SALLYPORT_ROOT");  // NOLINT: one thread
  std::string root = variable == nullptr || *variable == '\0' ? "/" : variable;
  if (auto ok = take_root(invocation.words, root); !ok) return base::fail(ok.error().text);
  invocation.paths = base::io::Paths(root);
  invocation.columns = terminal_columns();
  invocation.header = ::isatty(STDOUT_FILENO) == 1 ? Header::shown : Header::hidden;
  return invocation;
}

int finish(const Outcome& outcome) {
  base::io::Fd out(STDOUT_FILENO);
  base::io::Fd err(STDERR_FILENO);
  const bool written =
      base::io::write_all(out, outcome.out) && base::io::write_all(err, outcome.err);
  // The process's own descriptors are not ours to close.
  static_cast<void>(out.release());
  static_cast<void>(err.release());
  return written || outcome.code != 0 ? outcome.code : exit_failure;
}

}  // namespace cli::io
