// SPDX-License-Identifier: GPL-2.0-or-later
// qvm-device's commands; see the header.
#include "cli/device_run.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>

#include "base/wire/escape.hpp"
#include "cli/device_assign.hpp"
#include "cli/device_attach.hpp"
#include "cli/device_json.hpp"
#include "cli/device_list.hpp"

namespace cli {
namespace {

Outcome list_classes(DeviceContext& context) {
  const auto answer = context.admin()(
      {.method = "admin.deviceclass.List", .argument = {}, .target = "dom0", .payload = {}});
  if (!answer) return context.failed(answer.error());
  std::set<std::string> lines;
  for_each_line(*answer,
                [&lines](std::string_view line) { lines.insert(base::wire::escape(line)); });
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return {.code = 0, .out = out, .err = {}};
}

Outcome list(DeviceContext& context, Header header) {
  const DeviceCommand& command = context.command();
  ListRequest request;
  if (auto stop = context.select_qubes(request.qubes)) return *stop;
  if (!command.qubes.empty()) request.named = ListRequest::Named::by_user;
  if (command.assignments) request.assignments = ListRequest::Assignments::shown;
  const auto listed = list_devices(context.catalogue(), request);
  if (!listed) return context.failed_listing(listed.error());
  if (command.json) {
    return {.code = 0, .out = boost::json::serialize(json_of(*listed)) + "\n", .err = {}};
  }
  const Address address = command.address ? Address::shown : Address::hidden;
  std::vector<Row> table = rows_of(*listed, address);
  if (header == Header::shown && !table.empty()) {
    table.insert(table.begin(), list_header(address));
  }
  return {.code = 0, .out = format_table(table), .err = {}};
}

Outcome info(DeviceContext& context) {
  DeviceName name;
  if (auto stop = context.take_words(name)) return *stop;
  if (!name.device_id.empty()) {
    return context.runtime_error(
        "this option works only for explicitly given port ID and does not support device ID");
  }
  const DeviceInfo* device = nullptr;
  if (auto stop = context.look_up(name, device)) return *stop;
  if (device == nullptr) return context.runtime_error(context.not_exposed(name));
  if (context.command().json) {
    return {.code = 0, .out = boost::json::serialize(json_of(*device)) + "\n", .err = {}};
  }
  std::string out = base::device::describe(device->names) + "\n";
  out += "device ID: " + device->device_id + "\n";
  for (const base::device::Property& extra : device->extras) {
    out += extra.key + ": " + extra.value + "\n";
  }
  return {.code = 0, .out = out, .err = {}};
}

Outcome act(DeviceContext& context, Header header) {
  switch (context.command().action) {
    case DeviceAction::list_classes:
      return list_classes(context);
    case DeviceAction::list:
      return list(context, header);
    case DeviceAction::attach:
      return attach_device(context);
    case DeviceAction::detach:
      return detach_devices(context);
    case DeviceAction::assign:
      return assign_device(context);
    case DeviceAction::unassign:
      return unassign_devices(context);
    case DeviceAction::info:
      return info(context);
    case DeviceAction::watch:
      break;
  }
  return context.runtime_error("watching needs a connection that stays");
}

}  // namespace

Outcome run_device_command(const DeviceCommand& command, const Admin& admin, Header header) {
  DeviceContext context(command, admin);
  Outcome outcome = act(context, header);
  for (const std::string& complaint : context.catalogue().complaints()) {
    outcome.err = command.prog + ": " + complaint + "\n" + outcome.err;
  }
  return outcome;
}

}  // namespace cli
