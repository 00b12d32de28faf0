// SPDX-License-Identifier: GPL-2.0-or-later
// A HID interface that describes any reports and sends any. Checks that keys are pressed and let go
// in turns, that no report makes more changes than there are keys, and that nothing is read
// beyond a report.
//
// Input: one byte (bit 0: boot protocol, bit 1: Logitech's vendor id), u16 length and that many
// bytes of report descriptor, then reports: a byte of milliseconds, a byte of length, the bytes.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "usbproxy/firewall/hid_report.hpp"
#include "usbproxy/typing_watch.hpp"

namespace {

using namespace usbproxy;
using base::wire::Bytes;
using firewall::KeyReports;

void require(bool condition) {
  if (!condition) std::abort();
}

void read(KeyReports& reports, std::size_t fields, Bytes report,
          std::vector<KeyReports::Change>& changes) {
  reports.read(report, changes);
  require(changes.size() <= 2 * 256 * fields);
  const auto pressed = std::find_if(changes.begin(), changes.end(),
                                    [](const KeyReports::Change& one) { return one.down; });
  require(std::none_of(pressed, changes.end(),
                       [](const KeyReports::Change& one) { return !one.down; }));
  // The same again changes nothing.
  reports.read(report, changes);
  require(changes.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::wire::Reader in(std::as_bytes(std::span(data, size)));
  const std::uint8_t flags = in.u8();
  const std::uint16_t length = in.u16();
  const Bytes described = in.take(std::min<std::size_t>(length, in.rest().size()));
  if (!in.ok()) return 0;
  auto facts = firewall::check_report(described, 0);
  if (!facts) return 0;
  const std::size_t fields = facts->key_fields.size();
  require(fields == 0 || facts->types_keys);
  KeyReports reports(std::move(facts->key_fields), facts->numbered);
  KeyReports boot = KeyReports::boot();

  auto now = TypingWatch::Time(std::chrono::hours(1));
  TypingWatch watch({{std::uint8_t{0}, {described.begin(), described.end()}}},
                    (flags & 2U) != 0 ? 0x046d : 0x1209, now);
  if ((flags & 1U) != 0) watch.set_protocol(0, TypingWatch::Protocol::boot);
  std::vector<KeyReports::Change> changes;
  while (!in.done()) {
    now += std::chrono::milliseconds(in.u8());
    const std::uint8_t bytes = in.u8();
    const Bytes report = in.take(std::min<std::size_t>(bytes, in.rest().size()));
    if (!in.ok()) break;
    read(reports, fields, report, changes);
    read(boot, 2, report, changes);
    watch.report(0, report, now);
  }
  return 0;
}
