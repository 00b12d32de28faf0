// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/typing_watch.hpp"

#include "usbproxy/firewall/hid_report.hpp"

namespace usbproxy {
namespace {

using base::wire::Bytes;

constexpr std::uint16_t logitech = 0x046d;

// The keys in a receiver's report 0x20 of type 1: number, which of its devices, type, keys.
std::optional<Bytes> keys_behind_receiver(Bytes report) {
  constexpr std::byte short_report{0x20}, keyboard{0x01};
  constexpr std::size_t header = 3;
  if (report.size() <= header || report[0] != short_report || report[2] != keyboard) return {};
  return report.subspan(header);
}

// The codes of <linux/input-event-codes.h> that the detector knows (drivers/hid/hid-input.c,
// hid_keyboard); others need only be told from each other.
std::uint16_t code_of(std::uint8_t key) {
  switch (key) {
    case 0x7f:
      return 113;  // KEY_MUTE
    case 0x80:
      return 115;  // KEY_VOLUMEUP
    case 0x81:
      return 114;  // KEY_VOLUMEDOWN
    case 0xe0:
      return 29;  // KEY_LEFTCTRL
    case 0xe1:
      return 42;  // KEY_LEFTSHIFT
    case 0xe2:
      return 56;  // KEY_LEFTALT
    case 0xe3:
      return 125;  // KEY_LEFTMETA
    case 0xe4:
      return 97;  // KEY_RIGHTCTRL
    case 0xe5:
      return 54;  // KEY_RIGHTSHIFT
    case 0xe6:
      return 100;  // KEY_RIGHTALT
    case 0xe7:
      return 126;  // KEY_RIGHTMETA
    default:
      return static_cast<std::uint16_t>(0x200U + key);
  }
}

}  // namespace

TypingWatch::TypingWatch(const Reports& reports, std::uint16_t vendor_id, Time start)
    : start_(start) {
  if (vendor_id == logitech) receiver_ = firewall::KeyReports::behind_receiver();
  for (const auto& [number, descriptor] : reports) {
    auto facts = firewall::check_report(descriptor, number);
    if (!facts) continue;  // not so: it passed before
    interfaces_.insert({number, {.described = {std::move(facts->key_fields), facts->numbered}}});
  }
}

std::optional<std::string> TypingWatch::report(std::uint8_t interface_number, Bytes untrusted,
                                               Time now) {
  if (receiver_) {
    if (const auto keys = keys_behind_receiver(untrusted)) return look(*receiver_, *keys, now);
  }
  const auto found = interfaces_.find(interface_number);
  if (found == interfaces_.end()) return std::nullopt;
  Interface& one = found->second;
  return look(one.protocol == Protocol::boot ? one.boot : one.described, untrusted, now);
}

void TypingWatch::set_protocol(std::uint8_t interface_number, Protocol protocol) {
  const auto found = interfaces_.find(interface_number);
  if (found != interfaces_.end()) found->second.protocol = protocol;
}

void TypingWatch::reset() {
  for (auto& [number, one] : interfaces_) one.protocol = Protocol::report;
}

std::optional<std::string> TypingWatch::look(firewall::KeyReports& reports, Bytes untrusted,
                                             Time now) {
  reports.read(untrusted, changes_);
  for (const auto& [key, down] : changes_) {
    const auto finding = detector_.key(code_of(key), down ? 1 : 0, now - start_);
    if (!finding) continue;
    return "stopped after " + std::to_string(finding->presses_seen) + " keys: " + finding->reason +
           "; the device types by itself (auto-typing=yes lets it)";
  }
  return std::nullopt;
}

}  // namespace usbproxy
