// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/assignment.hpp"

#include <array>
#include <utility>

namespace dom0 {
namespace {

constexpr std::array modes{
    std::pair{AssignmentMode::ask_to_attach, std::string_view("ask-to-attach")},
    std::pair{AssignmentMode::auto_attach, std::string_view("auto-attach")},
    std::pair{AssignmentMode::required, std::string_view("required")}};

}  // namespace

std::string_view name_of(AssignmentMode mode) {
  for (const auto& [each, name] : modes) {
    if (each == mode) return name;
  }
  return "?";
}

std::optional<AssignmentMode> parse_assignment_mode(std::string_view text) {
  for (const auto& [mode, name] : modes) {
    if (text == name) return mode;
  }
  return std::nullopt;
}

std::string assigned_line(const Assignment& assignment) {
  const DeviceRef& device = assignment.device;
  base::device::Properties properties{{"device_id", device.device_id},
                                      {"port_id", device.port_id},
                                      {"devclass", assignment.device_class},
                                      {"backend_domain", device.backend},
                                      {"mode", std::string(name_of(assignment.mode))},
                                      {"frontend_domain", assignment.frontend}};
  for (const auto& each : assignment.options) properties.push_back({"_" + each.key, each.value});
  return device.backend + "+" + device.port_id + ":" + device.device_id + " " +
         base::device::format_properties(properties) + "\n";
}

int specificity(const DeviceRef& ref) {
  return (ref.port_id == "*" ? 0 : 2) + (ref.device_id == "*" ? 0 : 1);
}

// A blank is in none of the parts.
std::string AssignmentTable::key_of(std::string_view device_class, const DeviceRef& ref) {
  return std::string(device_class) + " " + ref.backend + " " + ref.port_id + " " + ref.device_id;
}

base::Status AssignmentTable::add(Assignment assignment) {
  const std::string name = assignment.device.backend + ":" + assignment.device.port_id + ":" +
                           assignment.device.device_id;
  const std::string key = key_of(assignment.device_class, assignment.device);
  ByRef& own = by_frontend_[assignment.frontend];
  if (own.contains(key)) {
    return base::fail(assignment.device_class + " device " + name + " already assigned to " +
                      assignment.frontend);
  }
  if (size_ >= max_assignments) {
    return base::fail("there are " + std::to_string(max_assignments) +
                      " assignments, no more are kept; unassign some");
  }
  frontends_[key].insert(assignment.frontend);
  own.emplace(key, std::move(assignment));
  ++size_;
  return base::Ok{};
}

base::Status AssignmentTable::remove(const std::string& frontend, std::string_view device_class,
                                     const DeviceRef& ref) {
  const std::string key = key_of(device_class, ref);
  const auto own = by_frontend_.find(frontend);
  if (own == by_frontend_.end() || own->second.erase(key) == 0) {
    return base::fail(std::string(device_class) + " device " + ref.backend + ":" + ref.port_id +
                      ":" + ref.device_id + " not assigned to " + frontend);
  }
  const auto users = frontends_.find(key);
  users->second.erase(frontend);
  if (users->second.empty()) frontends_.erase(users);
  --size_;
  return base::Ok{};
}

Assignment* AssignmentTable::find(const std::string& frontend, std::string_view device_class,
                                  const DeviceRef& ref) {
  const auto own = by_frontend_.find(frontend);
  if (own == by_frontend_.end()) return nullptr;
  const auto found = own->second.find(key_of(device_class, ref));
  return found == own->second.end() ? nullptr : &found->second;
}

std::vector<const Assignment*> AssignmentTable::of(const std::string& frontend,
                                                   std::string_view device_class) const {
  std::vector<const Assignment*> found;
  const auto own = by_frontend_.find(frontend);
  if (own == by_frontend_.end()) return found;
  for (const auto& [key, assignment] : own->second) {
    if (assignment.device_class == device_class) found.push_back(&assignment);
  }
  return found;
}

std::vector<const Assignment*> AssignmentTable::wanting(std::string_view device_class,
                                                        const DeviceRef& device) const {
  std::map<std::string, const Assignment*> best;  // the first one stays: the most specific
  for (const DeviceRef& ref :
       {device, DeviceRef{device.backend, device.port_id, "*"},
        DeviceRef{device.backend, "*", device.device_id}, DeviceRef{device.backend, "*", "*"}}) {
    const std::string key = key_of(device_class, ref);
    const auto users = frontends_.find(key);
    if (users == frontends_.end()) continue;
    for (const std::string& frontend : users->second) {
      best.emplace(frontend, &by_frontend_.at(frontend).at(key));
    }
  }
  std::vector<const Assignment*> found;
  found.reserve(best.size());
  for (const auto& [frontend, assignment] : best) found.push_back(assignment);
  return found;
}

}  // namespace dom0
