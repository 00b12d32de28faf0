// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/admin_methods.hpp"

#include <boost/json.hpp>

#include "dom0/admin_reply.hpp"
#include "dom0/device_lines.hpp"

namespace dom0::io {
namespace {

bool reads_only(std::string_view method) {
  return method == "admin.vm.List" || method == "admin.deviceclass.List" ||
         method == "admin.vm.device.usb.Available" || method == "admin.vm.device.usb.Attached" ||
         method == "admin.vm.device.usb.Assigned" || method == "sallyport.Status";
}

void answer_done(const AdminServer::Reply& reply, const base::Status& done, std::string_view type) {
  reply(done ? encode_ok({}) : encode_error(type, done.error().text));
}

}  // namespace

AdminServer::OnRequest AdminMethods::handler() {
  return [this](const AdminRequest& request, AdminRight right, const Reply& reply) {
    return answer(request, right, reply);
  };
}

AdminServer::OnHangUp AdminMethods::answer(const AdminRequest& request, AdminRight right,
                                           const Reply& reply) {
  const bool allowed =
      right == AdminRight::all || (right == AdminRight::read && reads_only(request.method));
  if (allowed && request.method == "admin.vm.device.usb.Attach") return attach(request, reply);
  if (!allowed) {
    reply(encode_error(error_type::permission_denied,
                       "this user may not call " + request.method +
                           "; it takes root or group sallyport (sallyport-view may only look)"));
  } else {
    answer_allowed(request, reply);
  }
  return {};
}

void AdminMethods::answer_allowed(const AdminRequest& request, const Reply& reply) {
  if (request.method == "admin.vm.List") return reply(encode_ok(vm_list()));
  if (request.method == "admin.deviceclass.List") return reply(encode_ok("usb\n"));
  if (request.method == "sallyport.Status") return reply(encode_ok(status()));
  if (request.target != "dom0" && !broker_.board().qubes.contains(request.target)) {
    return reply(
        encode_error(error_type::no_such_qube, "No such domain: '" + request.target + "'"));
  }
  if (request.method == "admin.vm.device.usb.Available") {
    return reply(encode_ok(available(request.target)));
  }
  if (request.method == "admin.vm.device.usb.Attached") {
    return reply(encode_ok(attached(request.target)));
  }
  if (request.method == "admin.vm.device.usb.Assigned") return reply(encode_ok({}));
  if (request.method == "admin.vm.device.usb.Detach") return detach(request, reply);
  if (request.method == "sallyport.Run") {
    return broker_.run(
        request.target, request.argument, request.payload,
        [reply](const base::Result<std::string>& answer) {
          reply(answer ? encode_ok(*answer) : encode_error(error_type::any, answer.error().text));
        });
  }
  reply(encode_error(error_type::protocol, "no such method: " + request.method));
}

std::string AdminMethods::vm_list() const {
  std::string lines = "dom0 class=AdminVM state=Running\n";
  for (const auto& [name, config] : broker_.board().qubes) {
    const bool running = broker_.board().link(name) != nullptr;
    lines += name + " class=" + config.type + " state=" + (running ? "Running" : "Halted") + "\n";
  }
  return lines;
}

std::string AdminMethods::available(const std::string& backend) const {
  const Switchboard& board = broker_.board();
  std::string lines;
  for (const auto& [port_id, record] : board.inventory.devices(backend)) {
    std::string frontend;
    base::device::Properties extra;
    for (const auto& [id, lease] : board.leases.all()) {
      if (lease.backend != backend || lease.device.port_id != port_id) continue;
      if (lease.state == LeaseState::attached) frontend = lease.frontend;
      extra.push_back({"state", std::string(describe(lease.state)) + " " + lease.frontend});
    }
    if (const EndedLease* ended = board.leases.last_end(backend + ":" + port_id)) {
      extra.push_back({"last-detach", "from " + ended->frontend + ": " + ended->reason});
    }
    lines += available_line(record, board.usb_ids, backend, frontend, extra);
  }
  return lines;
}

std::string AdminMethods::attached(const std::string& frontend) const {
  std::string lines;
  for (const auto& [id, lease] : broker_.board().leases.all()) {
    if (lease.frontend != frontend || lease.state != LeaseState::attached) continue;
    lines += attached_line(lease.device, lease.backend, frontend);
  }
  return lines;
}

std::string AdminMethods::status() const {
  Switchboard& board = broker_.mutable_board();
  const std::int64_t now = wall_clock();
  const auto& rules = board.policy.current();
  boost::json::object policy{{"ok", rules.has_value()}};
  if (!rules) policy["error"] = rules.error().text;
  boost::json::array qubes;
  for (const auto& [name, config] : board.qubes) {
    qubes.push_back(
        boost::json::object{{"name", name},
                            {"connected", board.link(name) != nullptr},
                            {"transport", config.transport == base::config::Transport::vsock
                                              ? "vsock cid " + std::to_string(config.cid)
                                              : std::string("unix")},
                            {"devices", board.inventory.devices(name).size()}});
  }
  boost::json::array leases;
  for (const auto& [id, lease] : board.leases.all()) {
    leases.push_back(boost::json::object{{"id", id.value},
                                         {"device", device_name(lease)},
                                         {"backend", lease.backend},
                                         {"frontend", lease.frontend},
                                         {"state", describe(lease.state)},
                                         {"since_s", now - lease.since}});
  }
  boost::json::array ended;
  for (const EndedLease& lease : board.leases.ended()) {
    ended.push_back(boost::json::object{{"device", lease.device},
                                        {"frontend", lease.frontend},
                                        {"reason", lease.reason},
                                        {"ago_s", now - lease.when}});
  }
  return boost::json::serialize(boost::json::object{{"version", "0.1.0"},
                                                    {"uptime_s", now - broker_.started_at()},
                                                    {"relay", board.relay.ready()},
                                                    {"policy", std::move(policy)},
                                                    {"qubes", std::move(qubes)},
                                                    {"leases", std::move(leases)},
                                                    {"ended", std::move(ended)}});
}

AdminServer::OnHangUp AdminMethods::attach(const AdminRequest& request, const Reply& reply) {
  const auto failed = [&reply](std::string_view type, const std::string& text) {
    reply(encode_error(type, text));
    return OnHangUp();
  };
  const auto ref = parse_device_ref(request.argument);
  if (!ref) return failed(error_type::protocol, ref.error().text);
  const auto properties = base::device::parse_properties(request.payload);
  if (!properties) return failed(error_type::protocol, properties.error().text);
  for (const auto& property : *properties) {
    if (property.key.starts_with('_')) {
      return failed(error_type::any, "USB device attach does not support user options");
    }
  }
  for (const std::string& name : {request.target, ref->backend}) {
    if (!broker_.board().qubes.contains(name)) {
      return failed(error_type::no_such_qube, "No such domain: '" + name + "'");
    }
  }
  const Lease* lease = broker_.mutable_board().leases.find_device(ref->backend, ref->port_id);
  const bool taken = lease != nullptr && lease->state == LeaseState::attached;
  const std::string identity = ref->device_id == "*" ? "" : ref->device_id;
  const auto id = broker_.attach(
      request.target, ref->backend, ref->port_id, identity,
      [reply, taken](const base::Status& done) {
        answer_done(reply, done, taken ? error_type::already_attached : error_type::any);
      });
  if (!id) return {};
  return [this, lease_id = *id] { broker_.withdraw(lease_id); };
}

void AdminMethods::detach(const AdminRequest& request, const Reply& reply) {
  const auto ref = parse_device_ref(request.argument);
  if (!ref) return reply(encode_error(error_type::protocol, ref.error().text));
  broker_.detach(request.target, ref->backend, ref->port_id, [reply](const base::Status& done) {
    answer_done(reply, done, error_type::not_attached);
  });
}

}  // namespace dom0::io
