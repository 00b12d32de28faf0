// SPDX-License-Identifier: GPL-2.0-or-later
// Attaches and detaches; see the header.
#include "cli/device_attach.hpp"

#include <algorithm>

#include "cli/device_assign.hpp"

namespace cli {
namespace {

bool any_id(const DeviceName& name) { return name.device_id.empty() || name.device_id == any; }

// Finds the device and pins the identity that is seen now.
Stop pin(DeviceContext& context, DeviceName& name) {
  const DeviceInfo* device = nullptr;
  if (auto stop = context.look_up(name, device)) return stop;
  if (device == nullptr) return context.runtime_error(context.not_exposed(name));
  if (!device->known) {
    return DeviceContext::error("Unknown device, skipping attachment of device from the port " +
                                name.port());
  }
  if (!any_id(name) && name.device_id != device->device_id) {
    return DeviceContext::error(
        "Unrecognized identity, skipping attachment of device from the port " + name.port());
  }
  name.device_id = device->device_id;
  return std::nullopt;
}

Outcome detach_one(const DeviceContext& context, const Attachment& attachment,
                   std::string_view device_id) {
  const auto answer = context.call("Detach",
                                   {.backend = attachment.backend,
                                    .port_id = attachment.port_id,
                                    .device_id = std::string(device_id)},
                                   {});
  if (!answer) return context.failed(answer.error());
  return context.done("Detached " + attachment.port() + " from " + attachment.frontend + ".");
}

// One that cannot be detached does not keep the others.
void add(Outcome& all, const Outcome& one) {
  all.code = std::max(all.code, one.code);
  all.err += one.err;
}

// Every attached device of the backend, or those of one identity: "sys-usb:*:0951:1666::u080650".
Outcome detach_any_port(const DeviceContext& context, const DeviceName& name,
                        const DeviceCatalogue::Attachments& attached) {
  Outcome all;
  bool found = false;
  for (const Attachment& each : attached) {
    const bool same_id = any_id(name) || name.device_id == each.device_id;
    if (each.backend != name.backend || !same_id) continue;
    found = true;
    add(all, detach_one(context, each, each.device_id));
  }
  const std::string id = any_id(name) ? std::string(any) : name.device_id;
  if (!found) return DeviceContext::error(name.port() + ":" + id + " is not attached.");
  return all;
}

// It is not there now, and is not to come back to the qube.
Outcome stop_waiting(const DeviceContext& context, const DeviceInfo& device) {
  return detach_one(context,
                    {.backend = device.backend,
                     .port_id = device.port_id,
                     .device_id = device.device_id,
                     .frontend = context.qube(),
                     .options = {}},
                    any);
}

Outcome stop_all_waiting(DeviceContext& context) {
  const auto qubes = context.catalogue().qubes();
  if (!qubes) return context.failed(qubes.error());
  Outcome all;
  for (const Qube& qube : **qubes) {
    if (!qube.running()) continue;
    const auto available = context.catalogue().available(qube.name);
    if (!available) return context.failed(available.error());
    for (const DeviceInfo& each : **available) {
      if (waits_for(each) == context.qube()) add(all, stop_waiting(context, each));
    }
  }
  return all;
}

Outcome detach_port(DeviceContext& context, const DeviceName& name,
                    const DeviceCatalogue::Attachments& attached) {
  for (const Attachment& each : attached) {
    const bool same_id = any_id(name) || name.device_id == each.device_id;
    if (each.port() == name.port() && same_id) return detach_one(context, each, each.device_id);
  }
  const DeviceInfo* device = nullptr;
  if (auto stop = context.look_up(name, device)) return *stop;
  if (device != nullptr && waits_for(*device) == context.qube()) {
    return stop_waiting(context, *device);
  }
  const std::string id = !name.device_id.empty() ? name.device_id
                         : device == nullptr     ? std::string(unknown_device_id)
                                                 : device->device_id;
  const bool there = device != nullptr && id == device->device_id;
  return DeviceContext::error(name.port() + ":" + id +
                              (there ? " is not attached." : " not found."));
}

}  // namespace

Outcome attach_device(DeviceContext& context) {
  DeviceName name;
  if (auto stop = context.take_words(name)) return *stop;
  if (context.command().device_class == "pci") {
    return DeviceContext::error(
        "PCI devices cannot be attached manually, did you mean `qvm-pci assign --required ...`");
  }
  if (auto stop = pin(context, name)) return *stop;
  const bool persistent = context.command().persistent;
  const auto answer =
      context.call("Attach", name, context.payload(name, persistent ? "required" : "manual"));
  Outcome outcome = answer ? context.done("Attached " + name.port() + " to " + context.qube() + ".")
                           : context.failed(answer.error());
  if (!persistent) return outcome;
  // As in Qubes: what counts is that the device is there at the next start. Why it cannot be
  // attached now is said only to those who want to hear more.
  Outcome assigned = assign_required(context, name);
  if (context.command().verbosity > 0) assigned.err = outcome.err + assigned.err;
  return assigned;
}

Outcome detach_devices(DeviceContext& context) {
  DeviceName name;
  if (auto stop = context.take_words(name)) return *stop;
  const auto attached = context.catalogue().attached(context.qube());
  if (!attached) return context.failed(attached.error());
  if (!context.command().device.empty()) {
    return name.port_id == any ? detach_any_port(context, name, **attached)
                               : detach_port(context, name, **attached);
  }
  Outcome all;
  for (const Attachment& each : **attached) add(all, detach_one(context, each, any));
  if (context.command().device_class == "usb") add(all, stop_all_waiting(context));
  return all;
}

}  // namespace cli
