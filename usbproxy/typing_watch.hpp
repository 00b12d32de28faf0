// SPDX-License-Identifier: GPL-2.0-or-later
// TypingWatch: the keys of an attached device, watched for what no person types.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/typing/injection.hpp"
#include "base/wire/reader.hpp"
#include "usbproxy/firewall/key_reports.hpp"

namespace usbproxy {

// Sees each input report before the target's kernel does. All interfaces of a device count as one
// keyboard: a person has ten fingers, however many keyboards a device claims to be.
//
// What it does not see: keys that a driver makes of reports without usages of the page of keys, by
// the device's ids. Of these it knows Logitech's wireless receivers
// (drivers/hid/hid-logitech-dj.c), since what is typed into them from outside arrives so.
class TypingWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Reports = std::map<std::uint8_t, std::vector<std::byte>>;

  // `reports`: report descriptors by interface, each of which passed check_report(). `start`: when
  // the target's kernel gets the device.
  TypingWatch(const Reports& reports, std::uint16_t vendor_id, Time start);

  // An input report. Once a device was found to type by itself, why: for people.
  std::optional<std::string> report(std::uint8_t interface_number, base::wire::Bytes untrusted,
                                    Time now);
  // The target asked for reports in the form of HID 1.11, B.1, or as described (7.2.6).
  enum class Protocol : std::uint8_t { boot, report };
  void set_protocol(std::uint8_t interface_number, Protocol protocol);
  // The device was reset: it reports as described (the same).
  void reset();

 private:
  struct Interface {
    firewall::KeyReports described;
    firewall::KeyReports boot = firewall::KeyReports::boot();
    Protocol protocol = Protocol::report;
  };

  std::optional<std::string> look(firewall::KeyReports& reports, base::wire::Bytes untrusted,
                                  Time now);

  std::map<std::uint8_t, Interface> interfaces_;
  std::optional<firewall::KeyReports> receiver_;  // behind a wireless receiver
  base::typing::InjectionDetector detector_;
  Time start_;
  std::vector<firewall::KeyReports::Change> changes_;
};

}  // namespace usbproxy
