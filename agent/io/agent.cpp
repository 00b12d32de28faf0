// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/agent.hpp"

namespace agent::io {

Agent::Agent(boost::asio::io_context& io, const Dialer& dialer,
             std::vector<std::filesystem::path> service_folders, base::io::Fd local_socket,
             std::filesystem::path local_socket_path, const base::io::Log& log)
    : io_(io),
      dialer_(dialer),
      service_folders_(std::move(service_folders)),
      local_socket_path_(std::move(local_socket_path)),
      log_(log),
      session_(io, dialer, log),
      local_calls_(
          io, std::move(local_socket),
          [this](RequestId id, const std::string& target, const std::string& service) {
            if (!session_.up()) {
              return local_calls_.refuse(id, exit_problem, "this qube is not connected to dom0");
            }
            session_.send(CallRequest{.request = id, .target = target, .service = service});
          }) {}

void Agent::start() {
  local_calls_.start();
  session_.start({.on_up = [this] { session_up(); },
                  .on_message = [this](const FromDom0& said) { message(said); },
                  .on_down = [this] { session_down(); }});
}

void Agent::device_added(const sysusb::InventoryRecord& record) {
  const auto known = devices_.find(sysusb::port_id_of(record));
  if (known != devices_.end() && known->second == record) {
    // Another medium that looks the same: what was allowed for the one is not for the other.
    device_removed(sysusb::port_id_of(record));
  }
  devices_.insert_or_assign(sysusb::port_id_of(record), record);
  if (!session_.up()) return;
  session_.send(InventoryDevice{.record = sysusb::encode_inventory_record(record)});
}

void Agent::device_removed(const std::string& port_id) {
  if (devices_.erase(port_id) == 0) return;
  if (session_.up()) session_.send(InventoryRemove{.port_id = port_id});
}

void Agent::session_up() {
  session_.send(InventoryReset{});
  for (const auto& [port_id, record] : devices_) {
    session_.send(InventoryDevice{.record = sysusb::encode_inventory_record(record)});
  }
  session_.send(InventoryComplete{});
}

// Services go on: their streams are joined by the relay, which outlives the daemon. If it does not
// come back either, the relay ends the streams, and with them the services.
void Agent::session_down() { local_calls_.refuse_all("the connection to dom0 was lost"); }

void Agent::message(const FromDom0& said) {
  if (const auto* call = std::get_if<CallStart>(&said)) {
    call_start(*call);
  } else if (const auto* accepted = std::get_if<CallAccepted>(&said)) {
    call_accepted(*accepted);
  } else if (const auto* refused = std::get_if<CallRefused>(&said)) {
    local_calls_.refuse(refused->request, refused->exit_code, refused->reason);
  } else if (const auto* ended = std::get_if<CallEnded>(&said)) {
    local_calls_.ended(ended->request, ended->exit_code, ended->reason);
  } else if (const auto* cancelled = std::get_if<CallCancel>(&said)) {
    dialling_.erase(cancelled->call);
    const auto found = services_.find(cancelled->call);
    if (found != services_.end()) found->second->cancel();
  }
}

void Agent::call_start(const CallStart& call) {
  if (services_.size() >= max_services) {
    return exited(call.call, exit_problem, "too many services are running in this qube");
  }
  const auto program = find_service(service_folders_, call.service);
  if (!program) {
    return exited(call.call, exit_no_service, "no service " + call.service + " in this qube");
  }
  dialling_.insert(call.call);
  dialer_.dial({.kind = base::wire::StreamKind::data, .token = call.token},
               [this, call, program = *program](base::Result<StreamSocket> stream) {
                 start_service(call, program, std::move(stream));
               });
}

void Agent::start_service(const CallStart& call, const std::filesystem::path& program,
                          base::Result<StreamSocket> stream) {
  const bool cancelled = dialling_.erase(call.call) == 0;
  if (!stream) return exited(call.call, exit_problem, stream.error().text);
  if (cancelled) return exited(call.call, exit_problem, "cancelled before it began");
  auto service = Service::start(
      io_, call, {.file = program, .agent_socket = local_socket_path_},
      base::io::Fd(stream->release()),
      [this](CallId id, const Service::End& end) { exited(id, end.exit_code, end.reason); },
      [this](CallId id, const std::string& word) {
        session_.send(CallStatus{.call = id, .word = word});
      });
  if (!service) return exited(call.call, exit_problem, service.error().text);
  log_.info("service_started", {{"service", call.service}, {"source", call.source}});
  services_[call.call] = *std::move(service);
  const std::string prefix = std::string(block_service) + "+";
  if (call.service.starts_with(prefix)) {
    served_[call.call] = call.service.substr(prefix.size());
    tell_served();
  }
  session_.send(CallStarted{.call = call.call});
}

void Agent::call_accepted(const CallAccepted& accepted) {
  dialer_.dial({.kind = base::wire::StreamKind::data, .token = accepted.token},
               [this, request = accepted.request](base::Result<StreamSocket> stream) {
                 if (!stream)
                   return local_calls_.refuse(request, exit_problem, stream.error().text);
                 local_calls_.accept(request, *std::move(stream));
               });
}

void Agent::exited(CallId call, int exit_code, const std::string& reason) {
  log_.info("service_ended", {{"code", std::to_string(exit_code)}, {"reason", reason}});
  services_.erase(call);
  if (served_.erase(call) != 0) tell_served();
  session_.send(CallExited{.call = call, .exit_code = exit_code, .reason = reason});
}

void Agent::tell_served() const {
  if (!on_served_) return;
  std::set<std::string> port_ids;
  for (const auto& [call, port_id] : served_) port_ids.insert(port_id);
  on_served_(std::move(port_ids));
}

}  // namespace agent::io
