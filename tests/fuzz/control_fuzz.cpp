// SPDX-License-Identifier: GPL-2.0-or-later
// Framing and both directions of the control connection; what parses must encode to the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "agent/control.hpp"
#include "base/wire/frame.hpp"

namespace {

template <class Result>
void check(const Result& message, base::wire::Bytes wire) {
  if (message.has_value() && !std::ranges::equal(agent::encode(*message), wire)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  base::wire::FrameDecoder decoder;
  decoder.push(untrusted);
  for (;;) {
    const auto frame = decoder.next();
    if (!frame || !frame->has_value()) break;
    check(agent::parse_from_agent(**frame), **frame);
    check(agent::parse_from_dom0(**frame), **frame);
  }
  check(agent::parse_from_agent(untrusted), untrusted);
  check(agent::parse_from_dom0(untrusted), untrusted);
  return 0;
}
