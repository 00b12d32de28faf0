// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon's replies and lists as the tools read them: whatever device texts are in them, names
// stay names and what is shown stays printable.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "cli/admin_call.hpp"
#include "cli/deny_list.hpp"
#include "cli/device_info.hpp"

namespace {

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  if (const auto reply = cli::parse_reply(text); !reply) check(printable(reply.error().text));
  if (const auto qube = cli::parse_qube(text)) check(printable(qube->name + qube->state));
  if (const auto device = cli::parse_available(text, "usb", "sys-usb")) {
    check(printable(device->port() + device->device_id + base::device::describe(device->names)));
  }
  for (const auto parse : {cli::parse_attached, cli::parse_assigned}) {
    const auto one = parse(text, "work");
    if (!one) continue;
    check(printable(one->port() + one->device_id + one->mode) && !one->port_id.empty());
    for (const auto& option : one->options) check(printable(option.key + option.value));
  }
  if (const auto denied = cli::parse_denied(text)) {
    check(denied->size() <= cli::max_denied);
    for (const std::string& each : *denied)
      check(cli::parse_pattern(each).has_value() || each[0] == '?');
  }
  return 0;
}
