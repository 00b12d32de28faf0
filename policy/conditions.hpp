// SPDX-License-Identifier: GPL-2.0-or-later
// Conditions of a rule: parameters of ours after the action. A rule of which one does not hold does
// not match, and the next one is tried. Qubes' grammar knows none of them.
//
//   device=known|new|changed   one of these, by dom0's history; a list is joined by commas
//   class=USB_Storage,u0806**  Qubes' categories and interface patterns
//   ports=2-1,sys-usb:3-*      ports, "QUBE:" before and '*' behind if wanted
//   usbguard=FILE              USBGuard's rules allow the device; FILE is found like an include
//   usb=id,0951:1666,...       a rule of USBGuard behind its target, ',' for each blank, is about
//                              the device (usbguard_parser)
//   scan=clean,age<7d          what the scanner said of the medium, and how old its signatures are
//
// They fail closed. Of allow and ask every interface of the device must be of a class that is
// listed; of deny one is enough. Where the facts are not known (a call about no device, a device
// without interfaces, signatures of unknown age) allow and ask do not match, and deny does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/device_facts.hpp"
#include "policy/usbguard_rules.hpp"

namespace policy {

enum class Action : std::uint8_t { allow, deny, ask };

struct PortPattern {
  std::string backend;  // empty: any
  std::string port_id;
  bool prefix = false;  // "3-*": what begins like this
};

class Conditions {
 public:
  static constexpr std::size_t max_items = 64;  // of one list

  static bool knows(std::string_view key);
  // Sets the condition `key` (which it knows). The error is the text behind "FILE:LINE: ".
  base::Status set(std::string_view key, std::string_view value);

  // Its file, until use() has been called; empty: there is none to be read.
  const std::string& usbguard_file() const { return usbguard_file_; }
  void use(std::shared_ptr<const UsbguardRules> rules) { usbguard_ = std::move(rules); }

  // `device`: nullptr if nothing is known of one.
  bool hold(Action action, const DeviceFacts* device) const;
  bool empty() const { return written_.empty(); }
  // As written, each with a blank before it.
  const std::string& text() const { return written_; }

 private:
  base::Status set_history(std::string_view value);
  base::Status set_classes(std::string_view value);
  base::Status set_ports(std::string_view value);
  base::Status set_usb(std::string_view value);
  base::Status set_scan(std::string_view value);
  bool scan_holds(Action action, const DeviceFacts& device) const;
  bool device_holds(Action action, const DeviceFacts& device) const;

  std::vector<DeviceFacts::History> history_;
  std::vector<std::string> classes_;
  std::vector<PortPattern> ports_;
  std::string usbguard_file_;
  std::shared_ptr<const UsbguardRules> usbguard_;
  std::optional<UsbguardRule> usb_;
  std::vector<DeviceFacts::Scan> scans_;
  std::optional<std::uint64_t> scan_age_;  // less than so many seconds
  std::string written_;
};

}  // namespace policy
