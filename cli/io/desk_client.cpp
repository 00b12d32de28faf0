// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/desk_client.hpp"

#include <unistd.h>

#include <iostream>

#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "base/io/unix_socket.hpp"
#include "base/sign/io/key_files.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/report/io/statement_json.hpp"
#include "scanner-qube/report/signed_text.hpp"

namespace cli::io {
namespace {

namespace report = scannerqube::report;

constexpr std::size_t max_desk_word = 2048;

}  // namespace

base::Result<DeskClient> DeskClient::connect(const base::io::Paths& paths) {
  auto socket = base::io::connect_unix(paths.scan_socket(), base::io::SocketType::seqpacket);
  if (socket) return DeskClient(*std::move(socket));
  return base::fail(socket.error().text + "; start it with `systemctl start sallyport-scans`");
}

base::Result<DeskAnswer> DeskClient::ask(const scannerqube::desk::DeskRequest& request,
                                         const OnProgress& on_progress,
                                         const base::io::Fd* passphrase) const {
  const std::string text = format_request(request);
  std::vector<const base::io::Fd*> passed;
  if (passphrase != nullptr) passed.push_back(passphrase);
  if (auto sent = base::io::send_question(socket_, base::wire::as_bytes(text), passed); !sent) {
    return base::Unexpected{sent.error()};
  }
  for (;;) {
    auto message = base::io::receive_message(socket_, max_desk_word);
    if (!message) return base::Unexpected{message.error()};
    std::string word(base::wire::as_text(message->data));
    constexpr std::string_view on_its_way = "progress ";
    constexpr std::string_view failed = "failed ";
    if (word.starts_with(on_its_way)) {
      if (on_progress) on_progress(std::string_view(word).substr(on_its_way.size()));
    } else if (word == "started" || word.starts_with("unscanned ") ||
               (word.starts_with("done ") && !message->fds.empty())) {
      return DeskAnswer{.word = std::move(word), .files = std::move(message->fds)};
    } else if (word.starts_with(failed)) {
      return base::fail(base::wire::escape(word.substr(failed.size()), max_desk_word));
    } else {
      return base::fail("sallyport-scans ended before it had answered; see its journal");
    }
  }
}

base::Result<CheckedReport> read_report(const base::io::Paths& paths, const DeskAnswer& answer) {
  auto text = base::io::read_memory_file(answer.files.at(0), report::max_signed_bytes);
  if (!text) return base::Unexpected{text.error()};
  const auto key = base::sign::io::read_public_key(paths.etc() / "scan.pub");
  if (!key) return base::fail("no key to check the report with: " + key.error().text);
  const auto line = report::open_signed(*key, *text);
  if (!line) return base::Unexpected{line.error()};
  auto statement = report::parse_statement(*line);
  if (!statement) return base::Unexpected{statement.error()};
  return CheckedReport{.signed_text = *std::move(text), .statement = *std::move(statement)};
}

TerminalLine::TerminalLine(Style style) : style_(style), terminal_(::isatty(STDERR_FILENO) != 0) {}

void TerminalLine::show(const std::string& text) {
  if (style_ == Style::each_line) {
    std::cerr << text << std::endl;  // now: somebody waits for it
    return;
  }
  if (!terminal_) return;
  clear();
  shown_ = text;
  std::cerr << shown_ << std::flush;
}

void TerminalLine::clear() {
  if (!shown_.empty()) std::cerr << '\r' << std::string(shown_.size(), ' ') << '\r' << std::flush;
  shown_.clear();
}

}  // namespace cli::io
