// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/admin_devices.hpp"

#include <algorithm>

#include "dom0/admin_reply.hpp"
#include "dom0/block_options.hpp"
#include "dom0/denied_interfaces.hpp"
#include "dom0/usb_options.hpp"

namespace dom0::io {
namespace {

using base::device::find_property;
using Reply = AdminServer::Reply;

void done(const Reply& reply, const base::Status& status, std::string_view type) {
  reply(status ? encode_ok() : encode_error(type, status.error().text));
}

void fail(const Reply& reply, std::string_view type, const std::string& text) {
  reply(encode_error(type, text));
}

// Those of the properties that are options of an attachment.
base::Result<base::device::Properties> options_of(const DeviceClass& device_class,
                                                  const base::device::Properties& properties) {
  base::device::Properties options;
  for (const auto& each : properties) {
    if (each.key.starts_with('_')) options.push_back({each.key.substr(1), each.value});
  }
  if (&device_class == &block_class) return check_block_options(options);
  return check_usb_options(options);
}

// Qubes' words: a USB device is nothing to start with.
constexpr const char* no_required = "Only pci and block devices can be assigned as required.";

bool may_be_required(const DeviceClass& device_class) { return &device_class == &block_class; }

Who requester(const AdminPeer& peer) { return {.requester = peer.uid}; }

// Whether the qube that has the device must not run without it.
bool requires_device(const Switchboard& board, const Lease& lease) {
  const auto assigned =
      board.devices.assignments().of(lease.frontend, lease.device.device_class().name);
  return std::ranges::any_of(assigned, [&lease](const Assignment* each) {
    return each->mode == AssignmentMode::required && each->device.backend == lease.backend &&
           matches(each->device, lease.device);
  });
}

std::string_view error_type_of(const AttachOutcome& outcome, bool taken) {
  if (outcome.kind == AttachOutcome::Kind::banned) return error_type::permission_denied;
  return taken ? error_type::already_attached : error_type::any;
}

}  // namespace

void AdminDevices::available(const DeviceClass& device_class, const AdminRequest& request,
                             const Reply& reply) const {
  const std::string& backend = request.target;
  std::string lines;
  for (const auto& [port_id, device] : board_.inventory.devices(backend)) {
    if (&device.device_class() != &device_class) continue;
    std::string frontend;
    base::device::Properties extra;
    if (const Lease* lease = board_.leases.find_device(backend, port_id)) {
      if (lease->state == LeaseState::attached) frontend = lease->frontend;
      extra.push_back({"state", std::string(describe(lease->state)) + " " + lease->frontend});
    } else if (const Replug::Entry* held = broker_.replug().held({backend, port_id});
               held != nullptr && Replug::is_waiting(*held)) {
      extra.push_back({"state", "waiting " + held->last.frontend});
    }
    if (const EndedLease* ended = board_.leases.last_end(backend + ":" + port_id)) {
      extra.push_back({"last-detach", "from " + ended->frontend + ": " + ended->reason});
    }
    extra.push_back(
        {"history", std::string(describe(board_.devices.judge(backend, device).verdict))});
    lines += available_line(device, board_.usb_ids, backend, frontend, extra);
  }
  reply(encode_ok(lines + away_lines(device_class, backend)));
}

// Of devices that are not in their port, which is held for them.
std::string AdminDevices::away_lines(const DeviceClass& device_class,
                                     const std::string& backend) const {
  std::string lines;
  for (const auto& [place, entry] : broker_.replug().all()) {
    if (place.first != backend || !Replug::is_waiting(entry) || &device_class != &usb_class ||
        board_.inventory.find(backend, place.second) != nullptr) {
      continue;
    }
    lines += available_line(entry.last.device, board_.usb_ids, backend, {},
                            {{"state", "waiting " + entry.last.frontend}});
  }
  return lines;
}

void AdminDevices::attached(const DeviceClass& device_class, const AdminRequest& request,
                            const Reply& reply) const {
  std::string lines;
  for (const auto& [id, lease] : board_.leases.all()) {
    if (lease.frontend != request.target || lease.state != LeaseState::attached ||
        &lease.device.device_class() != &device_class) {
      continue;
    }
    lines += attached_line(lease.device, lease.backend, lease.frontend, lease.options);
  }
  reply(encode_ok(lines));
}

void AdminDevices::assigned(const DeviceClass& device_class, const AdminRequest& request,
                            const Reply& reply) const {
  std::string lines;
  for (const Assignment* each :
       board_.devices.assignments().of(request.target, device_class.name)) {
    lines += assigned_line(*each);
  }
  reply(encode_ok(lines));
}

std::optional<AdminDevices::Wanted> AdminDevices::wanted(const DeviceClass& device_class,
                                                         const AdminRequest& request,
                                                         const Reply& reply) const {
  auto ref = parse_device_ref(request.argument);
  auto properties = base::device::parse_properties(request.payload);
  if (!ref || !properties) {
    fail(reply, error_type::protocol, ref ? properties.error().text : ref.error().text);
    return std::nullopt;
  }
  auto options = options_of(device_class, *properties);
  if (!options) {
    fail(reply, error_type::any, options.error().text);
    return std::nullopt;
  }
  if (!board_.qubes.contains(ref->backend)) {
    fail(reply, error_type::no_such_qube, "No such domain: '" + ref->backend + "'");
    return std::nullopt;
  }
  return Wanted{*std::move(ref), *std::move(properties), *std::move(options)};
}

AdminServer::OnHangUp AdminDevices::attach(const DeviceClass& device_class,
                                           const AdminRequest& request, const AdminPeer& peer,
                                           const Reply& reply) {
  const auto asked = wanted(device_class, request, reply);
  if (!asked) return {};
  const DeviceRef& device = asked->device;
  if (device.port_id == "*") {
    fail(reply, error_type::any,
         "Cannot attach ambiguous " + std::string(device_class.name) + " device.");
    return {};
  }
  const Lease* lease = board_.leases.find_device(device.backend, device.port_id);
  const bool taken = lease != nullptr && lease->state == LeaseState::attached;
  const auto id =
      broker_.attach({.frontend = request.target,
                      .backend = device.backend,
                      .port_id = device.port_id,
                      .options = asked->options,
                      .identity = device.device_id == "*" ? "" : device.device_id,
                      .asked = {.by = "user id " + std::to_string(peer.uid) + " in dom0"},
                      .device_class = &device_class,
                      .who = requester(peer)},
                     [reply, taken](const AttachOutcome& outcome) {
                       if (outcome.kind == AttachOutcome::Kind::attached) return reply(encode_ok());
                       fail(reply, error_type_of(outcome, taken), outcome.reason);
                     });
  if (!id) return {};
  return [this, lease_id = *id] { broker_.withdraw(lease_id); };
}

void AdminDevices::detach(const DeviceClass& device_class, const AdminRequest& request,
                          const AdminPeer& peer, const Reply& reply) {
  const auto ref = parse_device_ref(request.argument);
  if (!ref) return fail(reply, error_type::protocol, ref.error().text);
  const Lease* lease = board_.leases.find_held(request.target, ref->backend, ref->port_id);
  if (lease != nullptr && &lease->device.device_class() == &device_class) {
    if (requires_device(board_, *lease)) {
      return fail(reply, error_type::not_halted,
                  "Can not detach a required device from a non halted qube. "
                  "You need to unassign device first.");
    }
    board_.audit.event(
        "detach",
        "sallyport: " + device_name(*lease) + " is to be detached from " + lease->frontend,
        requester(peer));
  }
  broker_.detach(
      device_class, request.target, ref->backend, ref->port_id,
      [reply](const base::Status& status) { done(reply, status, error_type::not_attached); });
}

void AdminDevices::assign(const DeviceClass& device_class, const AdminRequest& request,
                          const AdminPeer& peer, const Reply& reply) {
  const auto asked = wanted(device_class, request, reply);
  if (!asked) return;
  Assignment assignment{.frontend = request.target,
                        .device_class = std::string(device_class.name),
                        .device = asked->device,
                        .options = asked->options};
  if (const std::string* mode = find_property(asked->properties, "mode")) {
    const auto known = parse_assignment_mode(*mode);
    if (!known) {
      return fail(reply, error_type::any, "Only auto-attachable devices can be assigned.");
    }
    assignment.mode = *known;
  }
  if (assignment.mode == AssignmentMode::required && !may_be_required(device_class)) {
    return fail(reply, error_type::any, no_required);
  }
  // The payload may widen what the argument names, as Qubes' client does for --port and --device.
  if (const std::string* id = find_property(asked->properties, "device_id"); id && *id == "*") {
    assignment.device.device_id = "*";
  }
  if (const std::string* port = find_property(asked->properties, "port_id"); port && *port == "*") {
    assignment.device.port_id = "*";
  }
  // An approval in advance is for the device as it is now, where it is one.
  const DeviceRef& ref = assignment.device;
  if (ref.port_id != "*" && ref.device_id != "*") {
    const Device* device = board_.inventory.find(ref.backend, ref.port_id);
    if (device != nullptr && matches(ref, *device)) {
      assignment.fingerprint = fingerprint_of(*device);
    }
  }
  const bool twice = board_.devices.find(assignment.frontend, device_class, ref) != nullptr;
  const auto written = board_.devices.assign(assignment);
  if (written) {
    board_.audit.event("assignment",
                       "sallyport: assigned " + ref.backend + ":" + ref.port_id + ":" +
                           ref.device_id + " to " + assignment.frontend + " (" +
                           std::string(name_of(assignment.mode)) + ")",
                       requester(peer));
    board_.events.emit_device(assignment.frontend, "device-assign", device_class, ref,
                              {{"options", options_text(assignment.options)}});
  }
  done(reply, written, twice ? error_type::already_assigned : error_type::any);
}

const Assignment* AdminDevices::named(const DeviceClass& device_class, const AdminRequest& request,
                                      const Reply& reply) {
  const auto ref = parse_device_ref(request.argument);
  if (!ref) {
    fail(reply, error_type::protocol, ref.error().text);
    return nullptr;
  }
  const Assignment* found = board_.devices.find(request.target, device_class, *ref);
  if (found == nullptr) {
    fail(reply, error_type::not_assigned,
         std::string(device_class.name) + " device " + ref->backend + ":" + ref->port_id + ":" +
             ref->device_id + " not assigned to " + request.target);
  }
  return found;
}

void AdminDevices::unassign(const DeviceClass& device_class, const AdminRequest& request,
                            const AdminPeer& peer, const Reply& reply) {
  const Assignment* found = named(device_class, request, reply);
  if (found == nullptr) return;
  const Assignment gone = *found;
  const auto written = board_.devices.unassign(gone);
  if (written) {
    board_.audit.event("assignment",
                       "sallyport: unassigned " + gone.device.backend + ":" + gone.device.port_id +
                           ":" + gone.device.device_id + " from " + gone.frontend,
                       requester(peer));
    board_.events.emit_device(gone.frontend, "device-unassign", device_class, gone.device);
  }
  done(reply, written, error_type::any);
}

void AdminDevices::set_assignment(const DeviceClass& device_class, const AdminRequest& request,
                                  const AdminPeer& peer, const Reply& reply) {
  const auto mode = parse_assignment_mode(request.payload);
  if (!mode) {
    return fail(reply, error_type::any,
                request.payload == "manual" ? "Cannot change assignment mode to 'manual'"
                                            : "Invalid assignment mode");
  }
  if (*mode == AssignmentMode::required && !may_be_required(device_class)) {
    return fail(reply, error_type::any, no_required);
  }
  const Assignment* found = named(device_class, request, reply);
  if (found == nullptr) return;
  const Assignment before = *found;
  const auto written = board_.devices.set_mode(before, *mode);
  if (written) {
    board_.audit.event("assignment",
                       "sallyport: assignment of " + before.device.backend + ":" +
                           before.device.port_id + ":" + before.device.device_id + " to " +
                           before.frontend + " is now " + std::string(name_of(*mode)),
                       requester(peer));
    board_.events.emit_device(before.frontend, "device-assignment-changed", device_class,
                              before.device);
  }
  done(reply, written, error_type::any);
}

void AdminDevices::denied_list(const AdminRequest& request, const Reply& reply) const {
  const auto list = parse_interface_list(board_.devices.denied(request.target));
  std::string lines;
  for (const std::string& each : *list) lines += each + "\n";
  if (!lines.empty()) lines.pop_back();
  reply(encode_ok(lines));
}

base::Status AdminDevices::set_denied(const std::string& qube, std::string_view interfaces,
                                      const AdminPeer& peer) {
  auto list = parse_interface_list(interfaces);
  if (!list) return base::fail(list.error().text);
  if (auto written = board_.devices.deny(qube, format_interface_list(*std::move(list))); !written) {
    return written;
  }
  board_.audit.event(
      "denied_interfaces",
      "sallyport: denied interfaces of " + qube + " are now '" + board_.devices.denied(qube) + "'",
      requester(peer));
  board_.events.emit(qube, "property-set:devices_denied",
                     {{"name", "devices_denied"}, {"newvalue", board_.devices.denied(qube)}});
  return base::Ok{};
}

void AdminDevices::denied_add(const AdminRequest& request, const AdminPeer& peer,
                              const Reply& reply) {
  const auto more = parse_interface_list(request.payload);
  if (!more) return fail(reply, error_type::any, more.error().text);
  std::vector<std::string> sorted = *more;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return fail(reply, error_type::any, "Duplicated device interfaces in payload.");
  }
  done(reply,
       set_denied(request.target, board_.devices.denied(request.target) + request.payload, peer),
       error_type::any);
}

void AdminDevices::denied_remove(const AdminRequest& request, const AdminPeer& peer,
                                 const Reply& reply) {
  if (request.payload == "all") {
    return done(reply, set_denied(request.target, "", peer), error_type::any);
  }
  const auto less = parse_interface_list(request.payload);
  if (!less) return fail(reply, error_type::any, less.error().text);
  auto list = *parse_interface_list(board_.devices.denied(request.target));
  std::erase_if(list, [&less](const std::string& each) {
    return std::ranges::find(*less, each) != less->end();
  });
  done(reply, set_denied(request.target, format_interface_list(list), peer), error_type::any);
}

}  // namespace dom0::io
