// SPDX-License-Identifier: GPL-2.0-or-later
// What a scanner qube that has been taken over may say, in pieces: the first byte is the order's
// place, then come pieces, each behind a byte with its length.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "scanner-qube/qube/answer.hpp"

namespace {

using scannerqube::Answer;
using State = Answer::State;

void require(bool what) {
  if (!what) std::abort();
}

void look(const Answer& answer, State before) {
  require(before != State::failed || answer.state() == State::failed);
  require(before != State::done || answer.state() == State::done);
  require(answer.state() >= before);
  require(answer.report().size() <= scannerqube::max_report_bytes);
  require(answer.files().size() <= scannerqube::max_files_bytes);
  require(answer.engine().engine.size() <= scannerqube::max_engine_name);
  require(answer.failure().size() <= scannerqube::max_failure);
  if (answer.state() == State::done) require(!answer.report().empty());
  if (answer.state() < State::scanning) require(answer.report().empty());
  if (answer.state() == State::failed) {
    require(!answer.failure().empty() && answer.report().empty() && answer.files().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto untrusted = std::as_bytes(std::span(data, size));
  if (untrusted.empty()) return 0;
  auto order_after = std::to_integer<unsigned>(untrusted.front());
  untrusted = untrusted.subspan(1);
  Answer answer;
  std::vector<std::byte> all;
  for (unsigned piece = 0; !untrusted.empty(); ++piece) {
    const auto length =
        std::min(std::to_integer<std::size_t>(untrusted.front()) + 1, untrusted.size() - 1);
    State before = answer.state();
    answer.push(untrusted.subspan(1, length));
    look(answer, before);
    untrusted = untrusted.subspan(1 + length);
    before = answer.state();
    if (piece == order_after) answer.ordered();
    require(answer.state() == before ||
            (before == State::ready && answer.state() == State::scanning));
  }
  answer.fail("the machine ended");
  require(answer.state() == State::done || answer.state() == State::failed);
  look(answer, answer.state());
  return 0;
}
