// SPDX-License-Identifier: GPL-2.0-or-later
// Writes devices as JSON; see the header.
#include "cli/device_json.hpp"

#include <algorithm>
#include <tuple>

namespace cli {
namespace {

namespace json = boost::json;

json::string text(std::string_view value) { return json::string(value.data(), value.size()); }

// What is not known is null, so that nobody takes "unknown" for a name.
json::value known(std::string_view value) {
  if (value.empty() || value == "unknown") return nullptr;
  return text(value);
}

json::array users_of(const ListedDevice& device) {
  json::array users;
  for (const Attachment* each : device.users) {
    users.push_back(json::object{
        {"qube", each->frontend}, {"mode", each->mode}, {"options", json_of(each->options)}});
  }
  return users;
}

}  // namespace

json::object json_of(const base::device::Properties& properties) {
  json::object object;
  for (const base::device::Property& each : properties) object[each.key] = each.value;
  return object;
}

json::object json_of(const DeviceInfo& device) {
  const base::device::DeviceNames& names = device.names;
  json::array interfaces;
  for (const std::string& each : names.interfaces) interfaces.push_back(text(each));
  return {{"kind", "device"},
          {"class", names.device_class},
          {"backend", device.backend},
          {"port_id", device.port_id},
          {"device_id", device.device_id},
          {"description", base::device::describe(names)},
          {"vendor", known(names.vendor)},
          {"product", known(names.product)},
          {"manufacturer", known(names.manufacturer)},
          {"name", known(names.name)},
          {"serial", known(names.serial)},
          {"interfaces", std::move(interfaces)},
          {"parent", known(names.parent)},
          {"data", json_of(device.extras)}};
}

json::object json_of(const ListedDevice& device) {
  const bool assignment = device.kind == ListedDevice::Kind::assignment;
  json::object object = device.info != nullptr
                            ? json_of(*device.info)
                            : json::object{{"kind", assignment ? "assignment" : "device"},
                                           {"backend", device.backend},
                                           {"port_id", device.port_id},
                                           {"device_id", device.device_id},
                                           {"description", device.description()}};
  object["used_by"] = users_of(device);
  return object;
}

json::array json_of(const std::vector<ListedDevice>& devices) {
  std::vector<const ListedDevice*> sorted;
  sorted.reserve(devices.size());
  for (const ListedDevice& each : devices) sorted.push_back(&each);
  std::ranges::sort(sorted, {}, [](const ListedDevice* each) {
    return std::tie(each->backend, each->port_id, each->device_id);
  });
  json::array array;
  for (const ListedDevice* each : sorted) array.push_back(json_of(*each));
  return array;
}

}  // namespace cli
