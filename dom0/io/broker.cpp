// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/broker.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <set>

#include "base/io/files.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/escape.hpp"
#include "dom0/device_lines.hpp"

namespace dom0::io {
namespace {

constexpr std::chrono::seconds relay_answer_limit{5};
constexpr const char* admin_vm = "dom0";
constexpr const char* input_user = "sallyport-input";

// Calls that a restarted daemon does not know of must not share numbers with new ones.
std::uint32_t first_call_number() {
  std::uint32_t number = 0;
  if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) std::abort();  // never this small
  return (number & 0x7fffff00U) + 1;
}

// In hex; empty if the agent does not say.
QubeLife life_of(const base::wire::Hello& hello) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (hello.token == base::wire::Token{}) return {};
  QubeLife life;
  for (const std::byte each : hello.token) {
    life += digits[std::to_integer<unsigned>(each) >> 4U];
    life += digits[std::to_integer<unsigned>(each) & 15U];
  }
  return life;
}

// From the host's own /usr, whatever --root says. Without it devices have no names, only numbers.
UsbIds load_usb_ids(const base::io::Log& log) {
  const auto path = std::filesystem::path("/") / usb_ids_path;
  auto text = base::io::read_file(path, max_usb_ids);
  if (!text) {
    log.warning("usb_ids_missing", {{"reason", text.error().text}, {"remedy", "install usb.ids"}});
    return {};
  }
  auto ids = UsbIds::parse(*std::move(text));
  if (ids) return *std::move(ids);
  log.warning("usb_ids_unusable", {{"reason", ids.error().text}});
  return {};
}

}  // namespace

Broker::Broker(boost::asio::io_context& io, const base::io::Paths& paths,
               std::map<std::string, base::config::QubeConfig> qubes,
               std::chrono::seconds prompt_limit, const base::io::Log& log, ReplugPace replug)
    : log_(log),
      board_{.io = io,
             .log = log,
             .qubes = std::move(qubes),
             .prompt_socket = paths.prompt_socket(),
             .device_prompt_socket = paths.device_prompt_socket(),
             .policy_folder = paths.policy_d(),
             .verdict_folder = paths.scan_verdicts(),
             .verdict_key = paths.scan_key(),
             .prompt_limit = prompt_limit,
             .policy = policy::io::PolicyStore(paths),
             .audit = Audit(log),
             .pending = PendingStreams(io),
             .relay = RelayClient(io, paths.relay_socket(), log),
             .usb_ids = load_usb_ids(log),
             .inventory = {},
             .devices = DeviceState(io, log),
             .events = {},
             .notifier = policy::io::Notifier(io, paths.prompt_socket()),
             .leases = {},
             .links = {},
             .next_call = first_call_number()},
      policy_watch_(board_),
      auto_attach_(
          board_,
          [this](const AutoAttach::Wish& wish, Approval approval, AutoAttach::OnDone on_done) {
            begin({.frontend = wish.frontend,
                   .backend = wish.backend,
                   .port_id = wish.port_id,
                   .options = wish.options,
                   .approval = approval,
                   .asked = {.by = "an assignment of the device"},
                   .device_class = wish.device_class,
                   .who = {.approver = wish.approver}},
                  std::move(on_done));
          }),
      replug_(
          board_, auto_attach_,
          [this](const ReplugDesk::Wish& wish, Attachment::OnAttached on_done) {
            begin({.frontend = wish.last.frontend,
                   .backend = wish.last.backend,
                   .port_id = wish.last.device.port_id(),
                   .options = wish.last.options,
                   .approval = wish.approval,
                   .asked = wish.asked,
                   .who = wish.last.who,
                   .approver = wish.last.approver},
                  std::move(on_done));
          },
          replug),
      resume_watch_(io, [this] { auto_attach_.resumed(); }),
      service_calls_(board_, [this] { panic("the panic keys were pressed"); }) {}

Broker::~Broker() { board_.devices.flush(); }

base::Status Broker::start(const base::io::Paths& paths) {
  if (auto opened = board_.audit.open(paths.audit_log()); !opened) return opened;
  if (auto opened = board_.devices.open(paths.state_file()); !opened) return opened;
  policy_watch_.start();
  resume_watch_.start();
  connect_relay();
  // What the relay holds comes first: until then a call has nowhere to go, and an agent that comes
  // back would be told of attachments that nobody knows.
  const auto deadline = std::chrono::steady_clock::now() + relay_answer_limit;
  while (!board_.relay.ready()) {
    if (board_.io.run_one_until(deadline) == 0) {
      return base::fail("the relay at " + paths.relay_socket().string() +
                        " does not answer; restart sallyport-relay (this ends what is attached)");
    }
  }
  return listen_for_qubes(paths);
}

base::Status Broker::listen_for_qubes(const base::io::Paths& paths) {
  bool vsock = false;
  for (const auto& [name, config] : board_.qubes) {
    if (config.transport == base::config::Transport::vsock) {
      vsock = true;
      continue;
    }
    if (config.transport == base::config::Transport::local) {
      if (auto listens = listen_for_user(paths, name, config.user); !listens) return listens;
      continue;
    }
    auto listening = base::io::listen_unix(paths.qube_socket(name), 0660,
                                           base::io::SocketType::stream, base::io::Blocking::no);
    if (!listening) return base::fail(listening.error().text);
    add_acceptor(*std::move(listening),
                 [qube = name](const base::io::Fd&) { return std::optional(qube); });
  }
  // The agent of dom0 itself, which starts the receivers of input devices.
  if (auto listens = listen_for_user(paths, admin_vm, input_user); !listens) return listens;
  if (!vsock) return base::Ok{};
  auto listening = listen_vsock(vsock_port);
  if (!listening) return base::fail(listening.error().text);
  add_acceptor(
      *std::move(listening), [this](const base::io::Fd& socket) -> std::optional<std::string> {
        const auto cid = peer_cid(socket);
        for (const auto& [name, config] : board_.qubes) {
          if (cid && config.transport == base::config::Transport::vsock && config.cid == *cid) {
            return name;
          }
        }
        return std::nullopt;
      });
  return base::Ok{};
}

// An agent that runs in dom0: its user is what lets it in. Without that user nobody comes.
base::Status Broker::listen_for_user(const base::io::Paths& paths, const std::string& qube,
                                     const std::string& user) {
  auto listening = base::io::listen_unix(paths.qube_socket(qube), 0666,
                                         base::io::SocketType::stream, base::io::Blocking::no);
  if (!listening) return base::fail(listening.error().text);
  std::set<uid_t> users{0, ::getuid()};
  if (const auto identity = base::io::find_identity(user)) users.insert(identity->uid);
  add_acceptor(*std::move(listening),
               [users, qube](const base::io::Fd& socket) -> std::optional<std::string> {
                 const auto peer = base::io::peer_credentials(socket);
                 if (!peer || !users.contains(peer->uid)) return std::nullopt;
                 return qube;
               });
  return base::Ok{};
}

void Broker::add_acceptor(base::io::Fd listening, StreamAcceptor::Identify identify) {
  acceptors_.push_back(std::make_shared<StreamAcceptor>(
      board_.io, std::move(listening), std::move(identify),
      [this](IncomingStream stream) { stream_arrived(std::move(stream)); }, log_));
  acceptors_.back()->start();
}

void Broker::stream_arrived(IncomingStream stream) {
  if (stream.hello.kind == base::wire::StreamKind::data) {
    const std::string qube = stream.qube;
    if (!board_.pending.arrived(std::move(stream))) {
      log_.warning("data_connection_refused",
                   {{"qube", qube}, {"reason", "unknown or late token"}});
    }
    return;
  }
  const std::string qube = stream.qube;
  if (const auto old = board_.links.find(qube); old != board_.links.end()) {
    old->second->close();
    board_.links.erase(old);
    link_down(qube, "replaced by a newer connection");
  }
  auto link =
      std::make_shared<QubeLink>(qube, stream.hello.features, std::move(stream.socket), log_);
  board_.links[qube] = link;
  log_.info("qube_connected", {{"qube", qube}});
  const bool is_qube = qube != admin_vm;
  if (is_qube) board_.events.emit(qube, "domain-start", {{"start_guid", "True"}});
  link->start(
      [this](const std::string& from, const agent::FromAgent& said) { message(from, said); },
      [this](const std::string& from, const std::string& reason) {
        board_.links.erase(from);
        link_down(from, reason);
      });
  if (is_qube) auto_attach_.started(qube, life_of(stream.hello));
}

void Broker::message(const std::string& qube, const agent::FromAgent& said) {
  if (const auto* request = std::get_if<agent::CallRequest>(&said)) {
    return call_requested(qube, *request);
  }
  if (const auto* exited = std::get_if<agent::CallExited>(&said)) {
    for (const auto& attachment : attachments_of(qube)) attachment->call_exited(qube, *exited);
    for (const auto& call : std::vector(dom0_calls_)) call->exited(qube, *exited);
    return service_calls_.exited(qube, *exited);
  }
  if (const auto* started = std::get_if<agent::CallStarted>(&said)) {
    return service_calls_.started(qube, *started);
  }
  if (const auto* status = std::get_if<agent::CallStatus>(&said)) {
    return service_calls_.said(qube, *status);
  }
  if (qube == admin_vm) return;  // dom0 forwards no devices of its own
  inventory_message(qube, said);
}

void Broker::inventory_message(const std::string& qube, const agent::FromAgent& said) {
  if (std::holds_alternative<agent::InventoryReset>(said)) {
    forget_devices(qube);
  } else if (std::holds_alternative<agent::InventoryComplete>(said)) {
    inventory_complete(qube);
  } else if (const auto* device = std::get_if<agent::InventoryDevice>(&said)) {
    device_reported(qube, *device);
  } else if (const auto* removed = std::get_if<agent::InventoryRemove>(&said)) {
    const Device* gone = board_.inventory.find(qube, removed->port_id);
    if (gone == nullptr) return;
    const DeviceClass& device_class = gone->device_class();
    board_.inventory.remove(qube, removed->port_id);
    device_gone(qube, removed->port_id, device_class, "device unplugged from " + qube);
  }
}

void Broker::device_reported(const std::string& qube, const agent::InventoryDevice& message) {
  auto record = sysusb::parse_inventory_record(message.record);
  if (!record) {
    return log_.warning("device_record_refused",
                        {{"qube", qube}, {"reason", describe(record.error())}});
  }
  Device device(*std::move(record));
  if (device.block() != nullptr) {
    const Device* parent = board_.inventory.find(qube, device.usb_port());
    device.set_usb_id(parent == nullptr ? "" : device_id(*parent));
  }
  const std::string port_id = device.port_id();
  const Inventory::Change change = board_.inventory.put(qube, std::move(device));
  if (change == Inventory::Change::refused_too_many) {
    return log_.warning("too_many_devices", {{"qube", qube}, {"port", port_id}});
  }
  if (change != Inventory::Change::unchanged) {
    log_.info("device", {{"qube", qube}, {"port", port_id}});
  }
  const Lease* lease = board_.leases.find_device(qube, port_id);  // all of them are of one device
  const Device* now = board_.inventory.find(qube, port_id);
  if (lease != nullptr && now != nullptr && !(lease->device == *now)) {
    device_gone(qube, port_id, now->device_class(),
                "the device at " + qube + ":" + port_id + " changed what it claims to be");
  }
  if (change == Inventory::Change::unchanged || now == nullptr) return;
  board_.devices.unplugged(qube, port_id);  // what was approved was another one
  board_.devices.plugged(qube, *now, board_.usb_ids);
  tell_devices(qube, now->device_class(), "device-added", {qube, port_id, device_id(*now)});
  if (!replug_.arrived(qube, port_id)) auto_attach_.plugged(qube, port_id);
  if (now->usb() != nullptr) adopt_disks(qube, *now);
}

// Disks that were told before the USB device that they hang on get their name from it now.
void Broker::adopt_disks(const std::string& qube, const Device& usb) {
  const std::string id = device_id(usb);
  std::vector<std::vector<std::byte>> again;
  for (const auto& [port_id, device] : board_.inventory.devices(qube)) {
    const bool child = device.block() != nullptr && device.usb_port() == usb.port_id();
    if (child && device.usb_id() != id) {
      again.push_back(sysusb::encode_inventory_record(device.record()));
    }
  }
  for (auto& record : again) device_reported(qube, {.record = std::move(record)});
}

void Broker::tell_devices(const std::string& qube, const DeviceClass& device_class,
                          std::string_view event, const DeviceRef& device) {
  board_.events.emit(qube, "device-list-change:" + std::string(device_class.name));
  board_.events.emit_device(qube, event, device_class, device);
}

// All of a qube's: what is still there is reported again, and until then not offered. Leases wait
// for that report.
void Broker::forget_devices(const std::string& qube) {
  replug_.forget_qube(qube, qube + " has just connected, or is gone");
  const Inventory::Devices gone = board_.inventory.devices(qube);
  board_.inventory.clear(qube);
  for (const auto& [port_id, device] : gone) {
    board_.devices.unplugged(qube, port_id);
    auto_attach_.forgotten(qube, port_id);
    tell_devices(qube, device.device_class(), "device-removed", {qube, port_id, "*"});
  }
}

void Broker::device_gone(const std::string& qube, const std::string& port_id,
                         const DeviceClass& device_class, const std::string& why) {
  log_.info("device_gone", {{"qube", qube}, {"port", port_id}});
  board_.devices.unplugged(qube, port_id);
  auto_attach_.unplugged(qube, port_id);
  replug_.gone(qube, port_id);
  service_calls_.devices_changed(qube);
  tell_devices(qube, device_class, "device-removed", {qube, port_id, "*"});
  for (const LeaseId id : board_.leases.all_of(qube, port_id)) {
    const auto attachment = attachments_.at(id);
    attachment->device_gone(why);
  }
}

void Broker::inventory_complete(const std::string& qube) {
  auto_attach_.told_all(qube);
  for (const auto& attachment : attachments_of(qube)) {
    const Lease* lease = board_.leases.find(attachment->id());
    if (lease == nullptr || lease->backend != qube) continue;
    if (board_.inventory.find(qube, lease->device.port_id()) == nullptr) {
      attachment->end("device unplugged from " + qube);
    }
  }
}

void Broker::call_requested(const std::string& qube, const agent::CallRequest& request) {
  if (qube == admin_vm) {
    // Its agent is there to be called; dom0's own calls are made with the Admin API.
    return board_.link(qube)->send(
        agent::CallRefused{.request = request.request,
                           .exit_code = agent::exit_refused,
                           .reason = "programs of dom0 call services with the Admin API"});
  }
  const DeviceClass* device_class = class_of_service(request.service);
  if (device_class == nullptr) return service_calls_.requested(qube, request);
  const std::string port_id =
      request.service.substr(std::min(device_class->service.size() + 1, request.service.size()));
  const Lease* lease = board_.leases.find_expected(qube, request.target, port_id);
  if (lease != nullptr) return attachments_.at(lease->id)->call_requested(request.request);
  const std::string reason = "no attach of this device to this qube is going on; use " +
                             std::string(device_class->tool) + " attach";
  board_.audit.denied({.source = qube,
                       .target = request.target,
                       .service = std::string(device_class->service),
                       .argument = "+" + port_id},
                      reason);
  board_.link(qube)->send(agent::CallRefused{
      .request = request.request, .exit_code = agent::exit_refused, .reason = reason});
}

void Broker::link_down(const std::string& qube, const std::string& reason) {
  log_.info("qube_disconnected", {{"qube", qube}, {"reason", reason}});
  forget_devices(qube);
  for (const auto& attachment : attachments_of(qube)) attachment->link_down(qube);
  if (qube != admin_vm) board_.events.emit(qube, "domain-shutdown");
  for (const auto& call : std::vector(dom0_calls_)) call->link_down(qube);
  service_calls_.link_down(qube);
  service_calls_.devices_changed(qube);
}

void Broker::run(const std::string& qube, const std::string& service, const std::string& input,
                 Dom0Call::OnDone on_done) {
  std::erase_if(dom0_calls_, [](const auto& call) { return call->done(); });
  if (dom0_calls_.size() >= max_dom0_calls) {
    return on_done(base::fail("too many calls from dom0 at once; wait for one to end"));
  }
  auto call = std::make_shared<Dom0Call>(board_, qube, service, input);
  dom0_calls_.push_back(call);
  call->start(std::move(on_done));
}

void Broker::panic(const std::string& why) {
  board_.audit.event("panic", "sallyport: everything is detached: " + why);
  service_calls_.end_inputs();
  // Assignments wait until the device is plugged in again.
  std::vector<AutoAttach::Wish> held;
  for (const auto& [id, lease] : board_.leases.all()) {
    held.push_back({lease.frontend, lease.backend, lease.device.port_id()});
  }
  auto_attach_.detached_by_hand(held);
  replug_.forget_all("panic");
  const auto all = attachments_;
  for (const auto& [id, attachment] : all) {
    if (board_.leases.find(id) != nullptr) attachment->end("panic: " + why);
  }
}

std::vector<std::shared_ptr<Attachment>> Broker::attachments_of(const std::string& qube) const {
  std::vector<std::shared_ptr<Attachment>> found;
  for (const auto& [id, lease] : board_.leases.all()) {
    if (lease.frontend == qube || lease.backend == qube) found.push_back(attachments_.at(id));
  }
  return found;
}

}  // namespace dom0::io
