// SPDX-License-Identifier: GPL-2.0-or-later
// Makes lines of events; see the header.
#include "cli/watch_view.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/wire/escape.hpp"
#include "cli/device_json.hpp"
#include "cli/device_list.hpp"
#include "cli/device_run.hpp"

namespace cli {
namespace {

namespace json = boost::json;

// Qubes also announces what it is about to do, and says of every change that there was one.
bool only_announces(std::string_view name) {
  return name.starts_with("pre-") || name == "list-change";
}

// "sys-usb:2-1:0951:1666::u080650", or "sys-usb+2-1:...".
void take_device(DeviceEvent& event, std::string_view text) {
  const std::size_t first = text.find_first_of(":+");
  if (first == std::string_view::npos) return;
  const std::size_t second = text.find(':', first + 1);
  event.backend = base::wire::escape(text.substr(0, first));
  event.port_id = base::wire::escape(text.substr(first + 1, second - first - 1));
  if (second != std::string_view::npos) {
    event.device_id = base::wire::escape(text.substr(second + 1), max_event_field);
  }
}

std::string facts_text(const base::device::Properties& facts) {
  std::string text;
  for (const base::device::Property& each : facts) {
    if (each.value == "{}") continue;  // no options
    text += (text.empty() ? "" : ", ") + each.key + "=" + each.value;
  }
  return text;
}

}  // namespace

std::optional<DeviceEvent> device_event(const AdminEvent& event, std::string_view device_class) {
  constexpr std::string_view prefix = "device-";
  const std::string suffix = ":" + std::string(device_class);
  std::string_view name = event.name;
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  if (name.size() < prefix.size() + suffix.size()) return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  if (only_announces(name)) return std::nullopt;
  DeviceEvent told{.name = base::wire::escape(name),
                   .qube = base::wire::escape(event.subject),
                   .backend = {},
                   .port_id = {},
                   .device_id = {},
                   .facts = {}};
  const std::string_view device = event.fact("device");
  take_device(told, device.empty() ? event.fact("port") : device);
  for (const base::device::Property& each : event.facts) {
    if (each.key == "device" || each.key == "port") continue;
    told.facts.push_back(
        {base::wire::escape(each.key), base::wire::escape(each.value, max_event_field)});
  }
  return told;
}

Outcome WatchView::present(const std::string& now) const {
  if (!command_.json) {
    DeviceCommand list = command_;
    list.action = DeviceAction::list;
    return run_device_command(list, admin_, Header::hidden);
  }
  DeviceContext context(command_, admin_);
  ListRequest request;
  if (auto stop = context.select_qubes(request.qubes)) return *stop;
  const auto listed = list_devices(context.catalogue(), request);
  if (!listed) return context.failed_listing(listed.error());
  const json::object line{{"event", "list"}, {"time", now}, {"devices", json_of(*listed)}};
  return {.code = 0, .out = json::serialize(line) + "\n", .err = {}};
}

bool WatchView::wanted(const DeviceEvent& event) const {
  return command_.qubes.empty() ||
         std::ranges::any_of(command_.qubes, [&event](const std::string& pattern) {
           return ::fnmatch(pattern.c_str(), event.qube.c_str(), 0) == 0 ||
                  ::fnmatch(pattern.c_str(), event.backend.c_str(), 0) == 0;
         });
}

// Only what appears has to be looked up: who watches has been told of the others.
const DeviceInfo* WatchView::find(DeviceCatalogue& catalogue, const DeviceEvent& event) const {
  if (event.name != "added") return nullptr;
  const auto available = catalogue.available(event.backend);
  return available ? find_device(**available, event.port_id) : nullptr;
}

std::string WatchView::line_of(const AdminEvent& event, const std::string& now) const {
  const auto told = device_event(event, command_.device_class);
  if (!told || !wanted(*told)) return {};
  DeviceCatalogue catalogue(admin_, command_.device_class);
  const DeviceInfo* device = find(catalogue, *told);
  if (command_.json) {
    json::object line{{"event", told->name},
                      {"time", now},
                      {"class", command_.device_class},
                      {"qube", told->qube},
                      {"backend", told->backend},
                      {"port_id", told->port_id},
                      {"device_id", told->device_id},
                      {"facts", json_of(told->facts)}};
    if (device != nullptr) line["device"] = json_of(*device);
    return json::serialize(line) + "\n";
  }
  std::string line = now + "  " + told->name + "  " + told->port();
  if (device != nullptr) {
    line += "  " + base::device::describe(device->names);
  } else if (told->qube != told->backend) {
    line += "  " + told->qube;
  }
  const std::string facts = facts_text(told->facts);
  return line + (facts.empty() ? "" : "  (" + facts + ")") + "\n";
}

}  // namespace cli
