// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/io/kept_case.hpp"

#include <poll.h>

#include <array>
#include <cerrno>

#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "scanner-qube/database/io/database_store.hpp"
#include "scanner-qube/release/permitted.hpp"

namespace scannerqube::desk {
namespace {

using base::io::Fd;

// The stream is the asker's; its end is that of whoever asked for it, who is this process.
void wait_for_end(const Fd& asker, const Fd& control) {
  std::array<pollfd, 2> waiting{pollfd{asker.get(), POLLRDHUP, 0},
                                pollfd{control.get(), POLLIN, 0}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR) continue;
}

}  // namespace

base::Result<std::string> KeptCase::done_word(const KeptReport& report) const {
  const auto current = database::io::read_current(paths_.scan_db());
  if (!current) return base::Unexpected{current.error()};
  // One that rests on what was remembered is not as good as a new one either.
  const bool good = report.statement.facts.database.sha256 == current->published.digest &&
                    report.statement.report->found.files_from_cache == 0;
  return "done " + std::string(verdict_name(report.statement.verdict())) +
         (good ? " current" : " older");
}

base::Status KeptCase::run(const DeskRequest& request) const {
  const auto shown = snapshots_.show(request.snapshot);
  if (!shown) return base::Unexpected{shown.error()};
  if (!shown->root || !kept_.has(*shown->root)) {
    const std::string_view word = "unscanned these bytes were not scanned yet";
    return base::io::send_message(asker_, base::wire::as_bytes(word));
  }
  const auto report = kept_.read(*shown->root);
  if (!report) return base::Unexpected{report.error()};
  return request.verb == DeskRequest::Verb::release ? release(*report, request.snapshot)
                                                    : give(*report);
}

base::Status KeptCase::give(const KeptReport& report) const {
  const auto file = base::io::sealed_copy(base::wire::as_bytes(report.signed_text));
  if (!file) return base::Unexpected{file.error()};
  const auto word = done_word(report);
  if (!word) return base::Unexpected{word.error()};
  return base::io::send_message(asker_, base::wire::as_bytes(*word), {&*file});
}

base::Status KeptCase::release(const KeptReport& report, const std::string& snapshot) const {
  // Whether the asker wants files of a medium that was not examined in full he says himself.
  auto permitted = release::check_release(report.statement, release::Incomplete::allow);
  if (!permitted) return permitted;
  const auto list = kept_.read_list(report);
  if (!list) return base::Unexpected{list.error()};
  const auto report_file = base::io::sealed_copy(base::wire::as_bytes(report.signed_text));
  if (!report_file) return base::Unexpected{report_file.error()};
  const auto list_file = base::io::sealed_copy(base::wire::as_bytes(*list));
  if (!list_file) return base::Unexpected{list_file.error()};
  auto stream = snapshots_.read(snapshot);
  if (!stream) return base::Unexpected{stream.error()};
  const auto word = done_word(report);
  if (!word) return base::Unexpected{word.error()};
  auto sent = base::io::send_message(asker_, base::wire::as_bytes(*word),
                                     {&*report_file, &*list_file, &stream->data});
  if (!sent) return sent;
  stream->data.reset();
  wait_for_end(asker_, stream->control);
  return base::Ok{};
}

}  // namespace scannerqube::desk
