// SPDX-License-Identifier: GPL-2.0-or-later
// Which devices a qube is to have whenever both are there: Qubes' assignments.
//
// Pure; dom0/io/store.hpp keeps them. A qube's assignments name a port, a device, or both.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/device/properties.hpp"
#include "base/wire/result.hpp"
#include "dom0/device_lines.hpp"

namespace dom0 {

// "manual" is no assignment. `required` is for devices that a qube starts with (block).
enum class AssignmentMode : std::uint8_t { ask_to_attach, auto_attach, required };
std::string_view name_of(AssignmentMode mode);  // "ask-to-attach"
std::optional<AssignmentMode> parse_assignment_mode(std::string_view text);

struct Assignment {
  std::string frontend;
  std::string device_class = "usb";
  DeviceRef device;  // "*" for any port, any device
  AssignmentMode mode = AssignmentMode::auto_attach;
  base::device::Properties options = {};
  // fingerprint_of() the device as it was when it was assigned; empty: it was not there. An
  // approval in advance is for that device: one that has changed since is asked about.
  std::string fingerprint = {};

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// "BACKEND+PORT:DEVICE_ID device_id='..' ... mode='auto-attach' frontend_domain='..'" and a
// newline.
std::string assigned_line(const Assignment& assignment);

// port and device 3, port 2, device 1, neither 0: the higher wins (Qubes' order).
int specificity(const DeviceRef& ref);

class AssignmentTable {
 public:
  static constexpr std::size_t max_assignments = 20'000;

  // Refuses a second one of the same qube and reference.
  base::Status add(Assignment assignment);
  base::Status remove(const std::string& frontend, std::string_view device_class,
                      const DeviceRef& ref);
  // nullptr: there is none.
  Assignment* find(const std::string& frontend, std::string_view device_class,
                   const DeviceRef& ref);
  // In the order of their references.
  std::vector<const Assignment*> of(const std::string& frontend,
                                    std::string_view device_class) const;
  // For each qube that wants this device, the most specific of its assignments; by qube.
  std::vector<const Assignment*> wanting(std::string_view device_class,
                                         const DeviceRef& device) const;
  std::size_t size() const { return size_; }

 private:
  // By reference, as its text: a device has four that could name it.
  using ByRef = std::map<std::string, Assignment, std::less<>>;
  static std::string key_of(std::string_view device_class, const DeviceRef& ref);

  std::map<std::string, ByRef> by_frontend_;
  std::map<std::string, std::set<std::string>> frontends_;  // by key
  std::size_t size_ = 0;
};

}  // namespace dom0
