// SPDX-License-Identifier: GPL-2.0-or-later
// A receiver against a sender that lies: whatever it sends, what goes out is what the accepted
// device could have made.
#include <linux/input-event-codes.h>

#include <algorithm>
#include <cstdlib>

#include "input-proxy/receiver_session.hpp"

namespace {

using inputproxy::Event;
using inputproxy::ReceiverSession;

void check(const inputproxy::Capabilities& device, const Event& event, inputproxy::Keys& down) {
  const auto has = [](const auto& set, std::uint16_t code) {
    return code < set.size() && set[code];
  };
  switch (event.type) {
    case EV_SYN:
      if (event.code != SYN_REPORT && event.code != SYN_MT_REPORT) std::abort();
      return;
    case EV_KEY:
      if (!has(device.keys, event.code) || event.value < 0 || event.value > 2) std::abort();
      if ((event.value == 1) == down[event.code] && event.value != 0) std::abort();
      down[event.code] = event.value != 0;
      return;
    case EV_ABS: {
      if (!has(device.axes, event.code)) std::abort();
      const auto& range = device.ranges.at(event.code);
      const bool up = event.code == ABS_MT_TRACKING_ID && event.value == -1;
      if (!up && (event.value < range.minimum || event.value > range.maximum)) std::abort();
      return;
    }
    case EV_REL:
      if (!has(device.rels, event.code)) std::abort();
      return;
    case EV_MSC:
      if (!has(device.mscs, event.code)) std::abort();
      return;
    case EV_LED:
      if (!has(device.leds, event.code)) std::abort();
      return;
    default:
      std::abort();
  }
}

}  // namespace

// First byte: which service, pairing, watch. Then pieces: a length, that many bytes, and as many
// milliseconds pass.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  inputproxy::ReceiverRules rules;
  const unsigned choice = *data;
  rules.accepted = {.keyboard = (choice & 1U) != 0,
                    .mouse = (choice & 2U) != 0,
                    .tablet = (choice & 4U) != 0,
                    .games = (choice & 8U) != 0};
  if ((choice & 16U) != 0) rules.digits = "123456";
  rules.watch_for_injection = (choice & 32U) != 0;
  ReceiverSession session(rules);
  auto rest = std::as_bytes(std::span(data + 1, size - 1));
  std::chrono::milliseconds now(1000);
  inputproxy::Keys down;
  bool appeared = false;
  while (!rest.empty() && session.ending() == ReceiverSession::Ending::none) {
    std::size_t length = std::to_integer<std::size_t>(rest.front()) * 8 + 1;
    rest = rest.subspan(1);
    const auto space = session.space();
    length = std::min({length, rest.size(), space.size()});
    std::copy_n(rest.begin(), length, space.begin());
    rest = rest.subspan(length);
    now += std::chrono::milliseconds(length);
    session.filled(length, now);
    session.tick(now);
    appeared = appeared || session.device() != nullptr;
    if (!appeared && !session.out().empty()) std::abort();
    for (const Event& event : session.out()) check(*session.device(), event, down);
    session.out().clear();
    session.back().clear();
  }
  session.closed();
  for (const Event& event : session.out()) check(*session.device(), event, down);
  if (down.any()) std::abort();  // every key is let go
  return 0;
}
