// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon's events: what comes in two pieces must read as it does in one, and what was read must
// be written in the same bytes.
#include <cstdint>
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "cli/event_stream.hpp"
#include "cli/watch_view.hpp"

namespace {

std::string encode(const cli::AdminEvent& event) {
  std::string out = "1" + std::string(1, '\0') + event.subject + '\0' + event.name + '\0';
  for (const auto& fact : event.facts) out += fact.key + '\0' + fact.value + '\0';
  return out + '\0';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  cli::EventStream whole;
  cli::EventStream halves;
  const bool good = whole.push(text);
  const bool halves_good =
      halves.push(text.substr(0, size / 2)) && halves.push(text.substr(size / 2));
  if (good != halves_good || whole.failure().has_value() == good) std::abort();
  std::string again;
  while (auto event = whole.pop()) {
    if (halves.pop() != event || event->facts.size() > cli::max_event_facts) std::abort();
    again += encode(*event);
    static_cast<void>(cli::device_event(*event, "usb"));
  }
  if (halves.pop() || !text.starts_with(again)) std::abort();
  if (good && !whole.ended() && again.size() != size) std::abort();
  return 0;
}
