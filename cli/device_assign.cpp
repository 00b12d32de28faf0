// SPDX-License-Identifier: GPL-2.0-or-later
// Makes, changes and ends assignments; see the header.
#include "cli/device_assign.hpp"

#include <algorithm>

#include "cli/deny_list.hpp"

namespace cli {
namespace {

// What Qubes' own client refuses before it asks.
std::optional<std::string> impossible(const DeviceContext& context, std::string_view mode) {
  const std::string& device_class = context.command().device_class;
  const bool pci = device_class == "pci";
  if (mode == "required" && !pci && device_class != "block") {
    return "Only pci and block devices can be assigned as required.";
  }
  if (mode != "required" && pci) return "PCI devices cannot be assigned as not required.";
  return std::nullopt;
}

// A name without identity stands for what is in the port now, or for the unknown device.
Stop complete(DeviceContext& context, DeviceName& name, const DeviceInfo*& device) {
  if (auto stop = context.look_up(name, device)) return stop;
  if (name.device_id.empty()) {
    name.device_id = device != nullptr ? device->device_id : unknown_device_id;
  }
  return std::nullopt;
}

// What --port and --device leave of the name.
DeviceName narrowed(const DeviceContext& context, DeviceName name) {
  if (context.command().only_port) name.device_id = any;
  if (context.command().only_device) name.port_id = any;
  return name;
}

// The devices there are now that the name stands for.
std::vector<const DeviceInfo*> present(DeviceContext& context, const DeviceName& name) {
  std::vector<const DeviceInfo*> found;
  const auto available = context.catalogue().available(name.backend);
  if (!available) return found;
  for (const DeviceInfo& each : **available) {
    const bool here =
        name.port_id == any ? each.device_id == name.device_id : each.port_id == name.port_id;
    if (here && each.known) found.push_back(&each);
  }
  return found;
}

bool is_attached(const DeviceCatalogue::Attachments& attachments, const DeviceInfo& device) {
  return std::ranges::any_of(attachments, [&device](const Attachment& each) {
    return each.port() == device.port() && each.device_id == device.device_id;
  });
}

std::string options_text(const base::device::Properties& options) {
  std::string text;
  for (const base::device::Property& each : options) text += " -o " + each.key + "=" + each.value;
  return text;
}

// The commands, one a line, that attach what an assignment does not attach by itself now.
std::string attach_hint(DeviceContext& context, const DeviceName& name) {
  const DeviceCommand& command = context.command();
  const auto attached = context.catalogue().attached(context.qube());
  if (!attached) return {};
  std::string lines;
  for (const DeviceInfo* device : present(context, name)) {
    if (is_attached(**attached, *device)) continue;
    lines += "\tqvm-" + command.device_class + " attach" + options_text(command.options) + " " +
             context.qube() + " " + device->port() + "\n";
  }
  if (lines.empty()) return {};
  return "Assigned. To attach you can now restart domain or run: \n" + lines;
}

std::string detach_hint(DeviceContext& context, const DeviceName& name) {
  const auto attached = context.catalogue().attached(context.qube());
  if (!attached) return {};
  std::string lines;
  for (const DeviceInfo* device : present(context, name)) {
    if (!is_attached(**attached, *device)) continue;
    lines += "\tqvm-" + context.command().device_class + " detach " + context.qube() + " " +
             device->port() + "\n";
  }
  if (lines.empty()) return {};
  return "Unassigned. To detach you can now restart domain or run: \n " + lines;
}

std::string denied_warning(const DeviceContext& context, const DeviceInfo* device) {
  const auto denied = denied_interfaces(context.admin(), context.qube());
  // A list that this user may not read warns nobody; the daemon's own check stays.
  if (device == nullptr || !denied || !is_denied(*denied, device->names.interfaces)) return {};
  return "Warning: The assigned device is on the denied list.\n"
         "           Auto-attach will work, but make sure that the assignment is correct.\n";
}

// An assignment that is there already, with the same options: only its mode is another.
bool only_mode_differs(DeviceContext& context, const DeviceName& name, std::string_view mode) {
  const auto assigned = context.catalogue().assigned(context.qube());
  if (!assigned) return false;
  return std::ranges::any_of(**assigned, [&](const Attachment& each) {
    return each.backend == name.backend && each.port_id == name.port_id &&
           each.device_id == name.device_id && each.mode != mode &&
           each.options == context.command().options;
  });
}

AdminAnswer assign(DeviceContext& context, const DeviceName& name, const std::string& mode) {
  AdminAnswer answer = context.call("Assign", name, context.payload(name, mode));
  const bool there = !answer && answer.error().type == "DeviceAlreadyAssigned";
  if (!there || !only_mode_differs(context, name, mode)) return answer;
  return context.call("Set.assignment", name, mode);
}

// What a user may have meant, when there is no such assignment.
std::string other_assignments(DeviceContext& context, const DeviceName& name) {
  const auto assigned = context.catalogue().assigned(context.qube());
  if (!assigned) return {};
  std::string text;
  for (const Attachment& each : **assigned) {
    const bool alike = each.backend == name.backend &&
                       (each.port_id == name.port_id || each.device_id == name.device_id);
    if (alike) text += (text.empty() ? "" : ", ") + each.port() + ":" + each.device_id;
  }
  if (text.empty()) return {};
  return context.command().prog + ": assigned to " + context.qube() + ": " + text +
         "; name it in full, or with --port or --device\n";
}

Outcome unassign(DeviceContext& context, const DeviceName& name) {
  const auto answer = context.call("Unassign", name, {});
  if (!answer) {
    Outcome refused = context.failed(answer.error());
    if (answer.error().type == "DeviceNotAssigned") {
      refused.err += other_assignments(context, name);
    }
    return refused;
  }
  Outcome outcome = context.done("Unassigned " + name.full() + " from " + context.qube() + ".");
  if (!context.command().quiet) outcome.out = detach_hint(context, name);
  return outcome;
}

// One that cannot be unassigned does not keep the others.
Outcome unassign_all(DeviceContext& context) {
  const auto assigned = context.catalogue().assigned(context.qube());
  if (!assigned) return context.failed(assigned.error());
  Outcome all;
  for (const Attachment& each : **assigned) {
    const Outcome one = unassign(
        context, {.backend = each.backend, .port_id = each.port_id, .device_id = each.device_id});
    all.code = std::max(all.code, one.code);
    all.out += one.out;
    all.err += one.err;
  }
  return all;
}

}  // namespace

Outcome assign_device(DeviceContext& context) {
  const DeviceCommand& command = context.command();
  DeviceName name;
  if (auto stop = context.take_words(name)) return *stop;
  const DeviceInfo* device = nullptr;
  if (auto stop = complete(context, name, device)) return *stop;
  const DeviceName target = narrowed(context, name);
  if (target.device_id == unknown_device_id) {
    return DeviceContext::error(context.not_exposed(name));
  }
  if (const auto text = impossible(context, command.mode)) return DeviceContext::error(*text);

  const auto answer = assign(context, target, command.mode);
  if (!answer) return context.failed(answer.error());
  Outcome outcome = context.done("Assigned " + target.full() + " to " + context.qube() + " (" +
                                 command.mode + ").");
  if (command.quiet) return outcome;
  // An identity that was named but is not there warns of nothing: its interfaces are not known.
  const bool same =
      device != nullptr && (name.device_id == device->device_id || target.device_id == any);
  outcome.out = denied_warning(context, same ? device : nullptr);
  const auto qube = context.catalogue().qube(context.qube());
  const bool running = qube && *qube != nullptr && (*qube)->running();
  if (running && command.device_class != "pci") outcome.out += attach_hint(context, name);
  return outcome;
}

Outcome assign_required(DeviceContext& context, const DeviceName& name) {
  constexpr std::string_view mode = "required";
  if (const auto text = impossible(context, mode)) return DeviceContext::error(*text);
  const auto answer = assign(context, name, std::string(mode));
  if (!answer) return context.failed(answer.error());
  return context.done("Assigned " + name.full() + " to " + context.qube() + " (required).");
}

Outcome unassign_devices(DeviceContext& context) {
  DeviceName name;
  if (auto stop = context.take_words(name)) return *stop;
  if (context.command().device.empty()) return unassign_all(context);
  const DeviceInfo* device = nullptr;
  if (auto stop = complete(context, name, device)) return *stop;
  return unassign(context, narrowed(context, name));
}

}  // namespace cli
