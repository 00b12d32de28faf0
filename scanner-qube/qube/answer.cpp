// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/qube/answer.hpp"

namespace scannerqube {

void Answer::push(base::wire::Bytes untrusted) {
  if (state_ == State::done || state_ == State::failed) return;
  frames_.push(untrusted);
  while (state_ != State::done && state_ != State::failed) {
    const auto frame = frames_.next();
    if (!frame) return fail("it breaks the framing of its messages");
    if (!*frame) return;
    auto message = parse_message(**frame);
    if (!message) return fail(describe(message.error()));
    take(*std::move(message));
  }
}

void Answer::ordered() {
  if (state_ == State::ready) state_ = State::scanning;
}

void Answer::fail(std::string_view why) {
  if (state_ == State::done || state_ == State::failed) return;
  state_ = State::failed;
  failure_ = why;
  report_.clear();
  files_.clear();
}

void Answer::take(FromQube message) {
  if (const auto* failed = std::get_if<Failure>(&message)) return fail(failed->why);
  if (auto* ready = std::get_if<Ready>(&message)) {
    if (state_ != State::starting) return fail("it says twice that it is ready");
    ready_ = std::move(*ready);
    state_ = State::ready;
    return;
  }
  if (state_ != State::scanning) return fail("it speaks before it was asked");
  if (const auto* chunk = std::get_if<Chunk>(&message)) return take_chunk(*chunk);
  if (const auto* progress = std::get_if<ScanProgress>(&message)) {
    if (++told_progress_ > max_progress) return fail("it talks too much");
    progress_ = *progress;
    return;
  }
  if (report_.empty()) return fail("it ends without a report");
  state_ = State::done;
}

void Answer::take_chunk(const Chunk& chunk) {
  const bool of_report = chunk.of == Chunk::Of::report;
  if (of_report && !files_.empty()) return fail("it goes on with its report after the files");
  std::vector<std::byte>& into = of_report ? report_ : files_;
  const std::size_t most = of_report ? max_report_bytes : max_files_bytes;
  if (chunk.bytes.size() > most - into.size()) return fail("it says more than there can be");
  into.insert(into.end(), chunk.bytes.begin(), chunk.bytes.end());
}

}  // namespace scannerqube
