// SPDX-License-Identifier: GPL-2.0-or-later
// Joins devices and attachments to rows; see the header.
#include "cli/device_list.hpp"

#include <algorithm>
#include <set>

namespace cli {
namespace {

using Users = std::map<std::string, std::vector<Attachment>>;  // by "backend:port"
using Rows = std::set<Row>;

base::Result<Users, CatalogueError> find_users(DeviceCatalogue& catalogue) {
  const auto qubes = catalogue.qubes();
  if (!qubes) return pass_on(qubes.error());
  Users users;
  for (const Qube& qube : **qubes) {
    const auto attached = catalogue.attached(qube.name);
    if (!attached) return pass_on(attached.error());
    for (const Attachment& each : **attached) users[each.port()].push_back(each);
  }
  return users;
}

// "work (attached: read-only=yes, frontend-dev=xvdi)"
std::string used_by(const Users& users, const std::string& port) {
  const auto found = users.find(port);
  if (found == users.end()) return {};
  std::string text;
  for (const Attachment& each : found->second) {
    std::string options;
    for (const base::device::Property& option : each.options) {
      options += (options.empty() ? ": " : ", ") + option.key + "=" + option.value;
    }
    text += (text.empty() ? "" : ", ") + each.frontend + " (attached" + options + ")";
  }
  return text;
}

Row row_of(const DeviceInfo& device, const Users& users) {
  return {device.port(), base::device::describe(device.names), used_by(users, device.port())};
}

base::Result<Rows, CatalogueError> rows_of(DeviceCatalogue& catalogue, const std::string& qube,
                                           const Users& users) {
  const auto available = catalogue.available(qube);
  if (!available) return pass_on(available.error());
  Rows rows;
  for (const DeviceInfo& device : **available) rows.insert(row_of(device, users));

  const auto attached = catalogue.attached(qube);
  if (!attached) return pass_on(attached.error());
  for (const Attachment& each : **attached) {
    const auto backend = catalogue.available(each.backend);
    if (!backend) return pass_on(backend.error());
    const DeviceInfo* device = find_device(**backend, each.port_id);
    rows.insert(device != nullptr
                    ? row_of(*device, users)
                    : Row{each.port(), "no longer there", used_by(users, each.port())});
  }
  return rows;
}

}  // namespace

const DeviceInfo* find_device(const DeviceCatalogue::Devices& devices, const std::string& port_id) {
  const auto found = std::ranges::find(devices, port_id, &DeviceInfo::port_id);
  return found == devices.end() ? nullptr : &*found;
}

base::Result<std::vector<Row>, CatalogueError> list_devices(DeviceCatalogue& catalogue,
                                                            const std::vector<std::string>& qubes) {
  const auto users = find_users(catalogue);
  if (!users) return pass_on(users.error());
  Rows all;
  for (const std::string& qube : qubes) {
    const auto rows = rows_of(catalogue, qube, *users);
    if (!rows) return pass_on(rows.error());
    all.insert(rows->begin(), rows->end());
  }
  return std::vector<Row>(all.begin(), all.end());
}

}  // namespace cli
