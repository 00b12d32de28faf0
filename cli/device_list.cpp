// SPDX-License-Identifier: GPL-2.0-or-later
// Joins devices, attachments and assignments; see the header.
#include "cli/device_list.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>

namespace cli {
namespace {

using Listed = std::vector<ListedDevice>;
using List = DeviceCatalogue::List;

// Gone between two calls: no failure of a list that did not name it.
bool gone(const CatalogueError& error, const ListRequest& request) {
  return request.named == ListRequest::Named::all && error.type == "QubesVMNotFoundError";
}

// All attachments of all qubes, found by their port.
class Users {
 public:
  void add(const DeviceCatalogue::Attachments& attachments) {
    for (const Attachment& each : attachments) by_port_[each.port()].push_back(&each);
  }
  std::vector<const Attachment*> of(const std::string& port) const {
    const auto found = by_port_.find(port);
    return found == by_port_.end() ? std::vector<const Attachment*>{} : found->second;
  }

 private:
  std::map<std::string, std::vector<const Attachment*>> by_port_;
};

// What an assignment names. Views into the catalogue.
struct Pattern {
  std::string_view backend;
  std::string_view port_id;
  std::string_view device_id;

  friend bool operator==(const Pattern&, const Pattern&) = default;
};

struct PatternHash {
  std::size_t operator()(const Pattern& pattern) const {
    const std::hash<std::string_view> hash;
    constexpr std::size_t factor = 31;
    return (hash(pattern.backend) * factor + hash(pattern.port_id)) * factor +
           hash(pattern.device_id);
  }
};

// All assignments of all qubes. Ten thousand of them are matched with each other, so each pattern
// is found by its four possible spellings instead of by trying all.
class Patterns {
 public:
  void add(const DeviceCatalogue::Attachments& assignments) {
    for (const Attachment& each : assignments) {
      by_key_[key_of(each)].push_back({next_++, &each});
      any_port_ = any_port_ || each.port_id == any;
      any_device_ = any_device_ || each.device_id == any;
    }
  }
  Listed listed() const {
    Listed all;
    all.reserve(by_key_.size());
    for (const auto& [key, assignments] : by_key_) {
      const Attachment& first = *assignments.front().assignment;
      all.push_back({.kind = ListedDevice::Kind::assignment,
                     .backend = first.backend,
                     .port_id = first.port_id,
                     .device_id = first.device_id,
                     .users = users_of(key)});
    }
    return all;
  }

 private:
  struct Numbered {
    std::size_t number;  // keeps the order in which qubes were asked
    const Attachment* assignment;
  };

  static Pattern key_of(const Attachment& each) {
    return {each.backend, each.port_id, each.device_id};
  }

  // Who is to get the device: by this assignment, or by one that is wider.
  std::vector<const Attachment*> users_of(const Pattern& key) const {
    std::vector<Pattern> wider{key};
    const auto widen = [&wider](const Pattern& pattern) {
      if (std::ranges::find(wider, pattern) == wider.end()) wider.push_back(pattern);
    };
    if (any_device_) widen({key.backend, key.port_id, any});
    if (any_port_) widen({key.backend, any, key.device_id});
    if (any_port_ && any_device_) widen({key.backend, any, any});
    std::vector<Numbered> found;
    for (const Pattern& each : wider) {
      const auto matching = by_key_.find(each);
      if (matching == by_key_.end()) continue;
      found.insert(found.end(), matching->second.begin(), matching->second.end());
    }
    std::ranges::sort(found, {}, &Numbered::number);
    std::vector<const Attachment*> users;
    for (const Numbered& each : found) {
      if (each.assignment->frontend != key.backend) users.push_back(each.assignment);
    }
    return users;
  }

  std::size_t next_ = 0;
  bool any_port_ = false;  // some pattern is that wide
  bool any_device_ = false;
  std::unordered_map<Pattern, std::vector<Numbered>, PatternHash> by_key_;
};

base::Result<Users, CatalogueError> find_users(DeviceCatalogue& catalogue,
                                               const std::vector<std::string>& qubes,
                                               const ListRequest& request) {
  Users users;
  for (const std::string& qube : qubes) {
    const auto attached = catalogue.attached(qube);
    if (!attached && gone(attached.error(), request)) continue;
    if (!attached) return pass_on(attached.error());
    users.add(**attached);
  }
  return users;
}

ListedDevice listed_device(const DeviceInfo& device, const Users& users) {
  return {.kind = ListedDevice::Kind::device,
          .backend = device.backend,
          .port_id = device.port_id,
          .device_id = device.device_id,
          .info = &device,
          .users = users.of(device.port())};
}

// By port, so that what two qubes share is listed once.
using ByPort = std::map<std::string, ListedDevice>;

base::Result<ByPort, CatalogueError> devices_of(DeviceCatalogue& catalogue, const std::string& qube,
                                                const Users& users) {
  const auto available = catalogue.available(qube);
  if (!available) return pass_on(available.error());
  ByPort listed;
  for (const DeviceInfo& each : **available) {
    listed.emplace(each.port(), listed_device(each, users));
  }
  const auto attached = catalogue.attached(qube);
  if (!attached) return pass_on(attached.error());
  for (const Attachment& each : **attached) {
    const auto backend = catalogue.available(each.backend);
    if (!backend) return pass_on(backend.error());
    const DeviceInfo* device = find_device(**backend, each.port_id);
    listed.emplace(each.port(), device != nullptr ? listed_device(*device, users)
                                                  : ListedDevice{.kind = ListedDevice::Kind::device,
                                                                 .backend = each.backend,
                                                                 .port_id = each.port_id,
                                                                 .device_id = each.device_id,
                                                                 .users = users.of(each.port())});
  }
  return listed;
}

base::Result<Listed, CatalogueError> list_assignments(DeviceCatalogue& catalogue,
                                                      const std::vector<std::string>& qubes,
                                                      const ListRequest& request) {
  Patterns patterns;
  for (const std::string& qube : qubes) {
    const auto assigned = catalogue.assigned(qube);
    if (!assigned && gone(assigned.error(), request)) continue;
    if (!assigned) return pass_on(assigned.error());
    patterns.add(**assigned);
  }
  return patterns.listed();
}

// "work (attached: read-only=yes, frontend-dev=xvdi)", "*work (ask-to-attach)"
std::string used_by(const ListedDevice& device) {
  const bool assignment = device.kind == ListedDevice::Kind::assignment;
  std::string text;
  for (const Attachment* each : device.users) {
    std::string options;
    for (const base::device::Property& option : each->options) {
      options += (options.empty() ? ": " : ", ") + option.key + "=" + option.value;
    }
    text += (text.empty() ? "" : ", ") + std::string(assignment ? "*" : "") + each->frontend +
            " (" + each->mode + options + ")";
  }
  if (!text.empty() || device.info == nullptr) return text;
  const std::string qube = waits_for(*device.info);
  return qube.empty() ? text : qube + " (waiting)";
}

std::string address_of(const ListedDevice& device) {
  if (device.info == nullptr) return "None";
  const std::string* address = base::device::find_property(device.info->extras, "sbdf");
  return address == nullptr ? "None" : *address;
}

}  // namespace

std::string ListedDevice::description() const {
  if (kind == Kind::assignment) return device_id == any ? "any device" : device_id;
  return info != nullptr ? base::device::describe(info->names) : "no longer there";
}

const DeviceInfo* find_device(const DeviceCatalogue::Devices& devices, const std::string& port_id) {
  const auto found = std::ranges::find(devices, port_id, &DeviceInfo::port_id);
  return found == devices.end() ? nullptr : &*found;
}

base::Result<Listed, CatalogueError> list_devices(DeviceCatalogue& catalogue,
                                                  const ListRequest& request) {
  const auto qubes = catalogue.qubes();
  if (!qubes) return pass_on(qubes.error());
  std::vector<std::string> everyone;
  for (const Qube& qube : **qubes) everyone.push_back(qube.name);
  const bool assignments = request.assignments == ListRequest::Assignments::shown;
  catalogue.prefetch(everyone, assignments ? std::vector<List>{List::attached, List::assigned}
                                           : std::vector<List>{List::attached});
  catalogue.prefetch(request.qubes, {List::available});

  const auto users = find_users(catalogue, everyone, request);
  if (!users) return pass_on(users.error());
  ByPort by_port;
  for (const std::string& qube : request.qubes) {
    auto devices = devices_of(catalogue, qube, *users);
    if (!devices && gone(devices.error(), request)) continue;
    if (!devices) return pass_on(devices.error());
    by_port.merge(*devices);
  }
  Listed all;
  for (auto& [port, device] : by_port) all.push_back(std::move(device));
  if (!assignments) return all;
  auto assigned = list_assignments(catalogue, everyone, request);
  if (!assigned) return pass_on(assigned.error());
  std::ranges::move(*assigned, std::back_inserter(all));
  return all;
}

std::vector<Row> rows_of(const Listed& devices, Address address) {
  std::vector<Row> rows;
  rows.reserve(devices.size());
  for (const ListedDevice& each : devices) {
    Row row{each.backend + ":" + each.port_id, each.description(), used_by(each)};
    if (address == Address::shown) row.insert(row.begin() + 1, address_of(each));
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows);
  return rows;
}

Row list_header(Address address) {
  if (address == Address::shown) return {"BACKEND:DEVID", "SBDF", "DESCRIPTION", "USED BY"};
  return {"BACKEND:DEVID", "DESCRIPTION", "USED BY"};
}

}  // namespace cli
