// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/admin_methods.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "dom0/admin_reply.hpp"
#include "dom0/io/admin_vm.hpp"
#include "dom0/io/device_facts.hpp"
#include "policy/io/device_facts_json.hpp"

namespace dom0::io {
namespace {

using Reply = AdminServer::Reply;
using OnHangUp = AdminServer::OnHangUp;

// The methods that change nothing: group sallyport-view may call them.
constexpr std::array reading{std::string_view("admin.vm.List"),
                             std::string_view("admin.vm.CurrentState"),
                             std::string_view("admin.vm.property.Get"),
                             std::string_view("admin.vm.property.GetAll"),
                             std::string_view("admin.vm.feature.CheckWithTemplate"),
                             std::string_view("admin.deviceclass.List"),
                             std::string_view("admin.vm.device.denied.List"),
                             std::string_view("admin.Events"),
                             std::string_view("internal.GetSystemInfo"),
                             std::string_view("sallyport.DeviceFacts"),
                             std::string_view("sallyport.Status"),
                             std::string_view("sallyport.Devices")};

std::string transport_text(const base::config::QubeConfig& config) {
  switch (config.transport) {
    case base::config::Transport::vsock:
      return "vsock cid " + std::to_string(config.cid);
    case base::config::Transport::unix_socket:
      return "unix";
    case base::config::Transport::paper:
      return "paper";
    case base::config::Transport::local:
      return "local, user " + config.user;
    case base::config::Transport::none:
      return "none";
  }
  return "?";
}

// Whether what is on disk is in force, and if not, why, since when, and what is instead.
boost::json::object policy_status(Switchboard& board) {
  board.tell_of_policy();
  const auto& problem = board.policy.problem();
  const auto& since = board.policy.in_force_since();
  boost::json::object policy{{"ok", !problem.has_value()}};
  if (since) policy["in_force_since"] = *since;
  if (!problem) return policy;
  policy["error"] = problem->text;
  policy["broken_since"] = problem->since;
  policy["in_force"] = since ? "last good" : "none";
  return policy;
}

// "admin.vm.device.CLASS.VERB" of a class that dom0 has.
struct DeviceMethod {
  const DeviceClass* device_class;
  std::string_view verb;
};
std::optional<DeviceMethod> device_method(std::string_view method) {
  constexpr std::string_view prefix = "admin.vm.device.";
  if (!method.starts_with(prefix)) return std::nullopt;
  method.remove_prefix(prefix.size());
  const std::size_t dot = method.find('.');
  const DeviceClass* device_class = find_class(method.substr(0, dot));
  if (device_class == nullptr || dot == std::string_view::npos) return std::nullopt;
  return DeviceMethod{device_class, method.substr(dot + 1)};
}

bool reads_only(std::string_view method) {
  constexpr std::array lists{std::string_view("Available"), std::string_view("Attached"),
                             std::string_view("Assigned")};
  if (const auto device = device_method(method)) {
    return std::ranges::find(lists, device->verb) != lists.end();
  }
  return std::ranges::find(reading, method) != reading.end();
}

}  // namespace

AdminServer::OnRequest AdminMethods::handler() {
  return [this](const AdminRequest& request, const AdminPeer& peer,
                const AdminServer::Responder& client) { return answer(request, peer, client); };
}

OnHangUp AdminMethods::answer(const AdminRequest& request, const AdminPeer& peer,
                              const AdminServer::Responder& client) {
  const Reply& reply = client.reply;
  const bool allowed = peer.right == base::io::PeerRight::all ||
                       (peer.right == base::io::PeerRight::read && reads_only(request.method));
  const bool known = request.target == "dom0" || broker_.board().qubes.contains(request.target);
  if (!allowed) {
    reply(encode_error(error_type::permission_denied,
                       "this user may not call " + request.method +
                           "; it takes root or group sallyport (sallyport-view may only look)"));
  } else if (!known) {
    reply(encode_error(error_type::no_such_qube, "No such domain: '" + request.target + "'"));
  } else if (request.method == "admin.Events") {
    return events(request, client);
  } else if (request.method == "sallyport.Panic") {
    broker_.panic("by user id " + std::to_string(peer.uid) + " in dom0");
    reply(encode_ok());
  } else if (const auto method = device_method(request.method);
             method && method->verb == "Attach") {
    return devices_.attach(*method->device_class, request, peer, reply);
  } else if (!answer_device(request, peer, reply) && !answer_vm(request, peer, reply)) {
    reply(encode_error(error_type::no_such_method, "no such method: " + request.method));
  }
  return {};
}

// Qubes' clients take the first event as the sign that they are connected.
OnHangUp AdminMethods::events(const AdminRequest& request, const AdminServer::Responder& client) {
  client.push(encode_event({}, "connection-established"));
  EventHub& hub = broker_.mutable_board().events;
  const auto id = hub.add(request.target == "dom0" ? "" : request.target, client.push);
  return [&hub, id] { hub.remove(id); };
}

bool AdminMethods::answer_device(const AdminRequest& request, const AdminPeer& peer,
                                 const Reply& reply) {
  if (const auto method = device_method(request.method)) {
    using Method = void (*)(AdminDevices&, const DeviceClass&, const AdminRequest&,
                            const AdminPeer&, const Reply&);
    struct Entry {
      std::string_view verb;
      Method method;
    };
    static constexpr std::array methods{
        Entry{"Available", [](auto& all, const auto& of, const auto& asked, const auto&,
                              const auto& out) { all.available(of, asked, out); }},
        Entry{"Attached", [](auto& all, const auto& of, const auto& asked, const auto&,
                             const auto& out) { all.attached(of, asked, out); }},
        Entry{"Assigned", [](auto& all, const auto& of, const auto& asked, const auto&,
                             const auto& out) { all.assigned(of, asked, out); }},
        Entry{"Detach", [](auto& all, const auto& of, const auto& asked, const auto& from,
                           const auto& out) { all.detach(of, asked, from, out); }},
        Entry{"Assign", [](auto& all, const auto& of, const auto& asked, const auto& from,
                           const auto& out) { all.assign(of, asked, from, out); }},
        Entry{"Unassign", [](auto& all, const auto& of, const auto& asked, const auto& from,
                             const auto& out) { all.unassign(of, asked, from, out); }},
        Entry{"Set.assignment", [](auto& all, const auto& of, const auto& asked, const auto& from,
                                   const auto& out) { all.set_assignment(of, asked, from, out); }}};
    const auto found = std::ranges::find(methods, method->verb, &Entry::verb);
    if (found == methods.end()) return false;
    found->method(devices_, *method->device_class, request, peer, reply);
    return true;
  }
  if (request.method == "admin.vm.device.denied.List") {
    devices_.denied_list(request, reply);
  } else if (request.method == "admin.vm.device.denied.Add") {
    devices_.denied_add(request, peer, reply);
  } else if (request.method == "admin.vm.device.denied.Remove") {
    devices_.denied_remove(request, peer, reply);
  } else {
    return false;
  }
  return true;
}

bool AdminMethods::answer_vm(const AdminRequest& request, const AdminPeer& peer,
                             const Reply& reply) {
  const Switchboard& board = broker_.board();
  const std::string& method = request.method;
  if (method == "admin.vm.List") {
    reply(encode_ok(vm_list(board, request.target)));
  } else if (method == "admin.vm.CurrentState") {
    reply(encode_ok(current_state(board, request.target)));
  } else if (method == "admin.vm.property.GetAll") {
    reply(encode_ok(properties(board, request.target)));
  } else if (method == "admin.vm.property.Get") {
    const auto value = property(board, request.target, request.argument);
    reply(value ? encode_ok(*value)
                : encode_error(error_type::no_such_property,
                               "Invalid property '" + request.argument + "' of " + request.target));
  } else if (method == "admin.vm.property.Set" && request.argument == "devices_denied") {
    const auto set = devices_.set_denied(request.target, request.payload, peer);
    reply(set ? encode_ok() : encode_error(error_type::any, set.error().text));
  } else if (method == "admin.vm.feature.CheckWithTemplate") {
    // The registry has no features.
    reply(encode_error(error_type::no_such_feature,
                       "Feature not set for domain '" + request.target + "': " + request.argument));
  } else if (method == "admin.deviceclass.List") {
    reply(encode_ok("block\nusb\n"));
  } else if (method == "internal.GetSystemInfo") {
    reply(encode_ok(system_info_json(board)));
  } else if (method == "sallyport.Status") {
    reply(encode_ok(status()));
  } else if (method == "sallyport.DeviceFacts") {
    const auto* device = board.inventory.find(request.target, request.argument);
    reply(device != nullptr
              ? encode_ok(policy::io::encode_device_facts(facts_of(board, request.target, *device)))
              : encode_error(error_type::any,
                             "No device in port '" + request.argument + "' of " + request.target));
  } else if (method == "sallyport.Devices") {
    reply(encode_ok(seen_devices()));
  } else if (method == "sallyport.Run") {
    run(request, reply);
  } else {
    return false;
  }
  return true;
}

void AdminMethods::run(const AdminRequest& request, const Reply& reply) {
  broker_.run(
      request.target, request.argument, request.payload,
      [reply](const base::Result<std::string>& answer) {
        reply(answer ? encode_ok(*answer) : encode_error(error_type::any, answer.error().text));
      });
}

std::string AdminMethods::status() const {
  Switchboard& board = broker_.mutable_board();
  const std::int64_t now = wall_clock();
  boost::json::object policy = policy_status(board);
  boost::json::array qubes;
  for (const auto& [name, config] : board.qubes) {
    const QubeLink* link = board.link(name);
    qubes.push_back(boost::json::object{{"name", name},
                                        {"connected", link != nullptr},
                                        {"silent", link != nullptr && link->silent()},
                                        {"transport", transport_text(config)},
                                        {"stores_snapshots", board.stores_snapshots(name)},
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
  for (const auto& [place, entry] : broker_.replug().all()) {
    const Departed& last = entry.last;
    if (!Replug::is_waiting(entry) ||
        board.leases.find_device(place.first, place.second) != nullptr) {
      continue;  // one that is being attached again is listed already
    }
    leases.push_back(boost::json::object{{"device", place.first + ":" + place.second},
                                         {"backend", place.first},
                                         {"frontend", last.frontend},
                                         {"state", "waiting"},
                                         {"since_s", now - last.ended}});
  }
  boost::json::array inputs;
  for (const auto& input : broker_.service_calls().forwarded_inputs()) {
    inputs.push_back(boost::json::object{{"source", input.source},
                                         {"target", input.target},
                                         {"service", input.service},
                                         {"state", input.state},
                                         {"since_s", now - input.since}});
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
                                                    {"inputs", std::move(inputs)},
                                                    {"ended", std::move(ended)}});
}

// The devices that were ever here, latest first, as far as a reply holds them.
std::string AdminMethods::seen_devices() const {
  auto all = broker_.board().devices.history().all();
  std::ranges::sort(all, std::ranges::greater{}, &SeenDevice::last_seen);
  if (all.size() > max_devices_told) all.resize(max_devices_told);
  boost::json::array list;
  for (const SeenDevice* each : all) {
    list.push_back(boost::json::object{{"device_id", each->device_id},
                                       {"description", each->description},
                                       {"fingerprint", each->fingerprint},
                                       {"first_seen", each->first_seen},
                                       {"last_seen", each->last_seen},
                                       {"last_allowed", each->approved}});
  }
  return boost::json::serialize(list);
}

}  // namespace dom0::io
