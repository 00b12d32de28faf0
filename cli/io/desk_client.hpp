// SPDX-License-Identifier: GPL-2.0-or-later
// Asks sallyport-scans (docs/protocol.md 13).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"
#include "scanner-qube/desk/desk_request.hpp"
#include "scanner-qube/report/statement.hpp"

namespace cli::io {

struct DeskAnswer {
  std::string word;  // "started", "unscanned WHY", or "done VERDICT HOW" with files
  std::vector<base::io::Fd> files;
};

// One request. What came with the answer may end with this.
class DeskClient {
 public:
  using OnProgress = std::function<void(std::string_view word)>;

  static base::Result<DeskClient> connect(const base::io::Paths& paths);
  // An error is the desk's "failed", or no answer. `passphrase`: the file in memory that a request
  // with one needs.
  base::Result<DeskAnswer> ask(const scannerqube::desk::DeskRequest& request,
                               const OnProgress& on_progress = {},
                               const base::io::Fd* passphrase = nullptr) const;

 private:
  explicit DeskClient(base::io::Fd socket) : socket_(std::move(socket)) {}
  base::io::Fd socket_;
};

struct CheckedReport {
  std::string signed_text;
  scannerqube::report::Statement statement;
};
// The report in the first file of an answer, if it is signed with /etc/sallyport/scan.key.
base::Result<CheckedReport> read_report(const base::io::Paths& paths, const DeskAnswer& answer);

// How far it is, on a terminal's standard error; nothing where that is none.
class TerminalLine {
 public:
  // each_line: for programs, as lines and wherever standard error goes.
  enum class Style { terminal, each_line };

  explicit TerminalLine(Style style = Style::terminal);
  ~TerminalLine() { clear(); }
  TerminalLine(const TerminalLine&) = delete;
  TerminalLine& operator=(const TerminalLine&) = delete;
  void show(const std::string& text);
  void clear();

 private:
  Style style_;
  bool terminal_;
  std::string shown_;
};

}  // namespace cli::io
