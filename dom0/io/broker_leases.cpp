// SPDX-License-Identifier: GPL-2.0-or-later
// The broker's leases: attach and detach on request, and what the relay says of running streams.
#include <set>

#include "base/device/snapshot_name.hpp"
#include "dom0/block_options.hpp"
#include "dom0/device_lines.hpp"
#include "dom0/io/broker.hpp"
#include "dom0/usb_options.hpp"

namespace dom0::io {

std::optional<LeaseId> Broker::attach(const AttachWish& wish, Attachment::OnAttached on_done) {
  const auto id = begin(wish, std::move(on_done));
  if (id) replug_.forget(wish.backend, wish.port_id, "it was to be attached by hand");
  return id;
}

std::optional<LeaseId> Broker::begin(const AttachWish& wish, Attachment::OnAttached on_done) {
  const auto failed = [&on_done](std::string why) {
    on_done({AttachOutcome::Kind::failed, std::move(why)});
    return std::nullopt;
  };
  const auto& [frontend, backend, port_id, given, identity, approval, asked, device_class, who,
               approver] = wish;
  const Device* device = board_.inventory.find(backend, port_id);
  if (board_.link(backend) == nullptr) {
    return failed("qube " + backend + " is not running; start it with: sallyport-qube start " +
                  backend);
  }
  if (device == nullptr || &device->device_class() != device_class) {
    return failed("backend vm " + backend + " doesn't expose " + std::string(device_class->name) +
                  " device '" + port_id + "'");
  }
  if (!identity.empty() && identity != device_id(*device)) {
    return failed("Unrecognized device identity '" + device_id(*device) + "' expected '" +
                  identity + "'");
  }
  if (board_.link(frontend) == nullptr) {
    return failed(
        "VM not running, cannot attach device, do you mean `assign`? Start it with: "
        "sallyport-qube start " +
        frontend);
  }
  if (frontend == backend) return failed("the device is in " + backend + " already");
  auto options = attach_options(*device, wish);
  if (!options) return failed(options.error().text);
  const auto id = board_.leases.add({.id = {},
                                     .state = LeaseState::asking,
                                     .frontend = frontend,
                                     .backend = backend,
                                     .device = *device,
                                     .attach_call = {},
                                     .stream_call = {},
                                     .options = *std::move(options),
                                     .since = wall_clock(),
                                     .approver = approver,
                                     .who = who},
                                    sharing_of(backend));
  if (!id) return failed(id.error().text);
  track(*id);
  const auto attachment = attachments_.at(*id);
  attachment->start(approval, asked, std::move(on_done));
  return *id;
}

Sharing Broker::sharing_of(const std::string& backend) const {
  return board_.stores_snapshots(backend) ? Sharing::of_snapshots : Sharing::none;
}

base::Result<base::device::Properties> Broker::attach_options(const Device& device,
                                                              const AttachWish& wish) const {
  if (device.block() == nullptr) return check_usb_options(wish.options);
  if (board_.stores_snapshots(wish.frontend)) {
    return complete_snapshot_options(
        wish.options, base::device::default_snapshot_name(wish.port_id, wall_clock()));
  }
  std::set<std::string> taken;
  for (const auto& [id, lease] : board_.leases.all()) {
    const std::string* name = base::device::find_property(lease.options, "frontend-dev");
    if (lease.frontend == wish.frontend && name != nullptr) taken.insert(*name);
  }
  const auto access =
      board_.stores_snapshots(wish.backend) ? DefaultAccess::reads : DefaultAccess::as_the_device;
  return complete_block_options(wish.options, *device.block(), taken, access);
}

void Broker::withdraw(LeaseId id) {
  const Lease* lease = board_.leases.find(id);
  if (lease == nullptr || lease->state == LeaseState::attached) return;
  const auto attachment = attachments_.at(id);
  attachment->end("withdrawn: the attach command was interrupted");
}

void Broker::detach(const DeviceClass& device_class, const std::string& frontend,
                    const std::string& backend, const std::string& port_id, OnDone on_done) {
  const Lease* lease = board_.leases.find_held(frontend, backend, port_id);
  const Replug::Entry* waiting = replug_.state().held({backend, port_id});
  if (waiting != nullptr && waiting->last.frontend == frontend && &device_class == &usb_class) {
    replug_.forget(backend, port_id, "detached on request");
    if (lease == nullptr) {
      auto_attach_.detached_by_hand({{frontend, backend, port_id}});
      return on_done(base::Ok{});
    }
  }
  if (lease == nullptr || &lease->device.device_class() != &device_class) {
    return on_done(base::fail(std::string(device_class.name) + " device " + port_id +
                              " not attached to " + frontend));
  }
  auto_attach_.detached_by_hand({{frontend, backend, port_id}});
  detachers_[lease->id].push_back(std::move(on_done));
  const auto attachment = attachments_.at(lease->id);
  attachment->end("detached on request");
}

void Broker::track(LeaseId id) {
  attachments_[id] = std::make_shared<Attachment>(
      board_, id, [this](const Attachment::Gone& over) { gone(over); });
}

void Broker::gone(const Attachment::Gone& over) {
  const LeaseId id = over.lease.id;
  log_.info("lease_ended", {{"lease", std::to_string(id.value)}, {"reason", over.reason}});
  attachments_.erase(id);
  replug_.ended(over.lease, over.departure,
                over.told_gone ? ReplugDesk::Told::yes : ReplugDesk::Told::no);
  const auto found = detachers_.find(id);
  if (found == detachers_.end()) return;
  const std::vector<OnDone> waiting = std::move(found->second);
  detachers_.erase(found);
  for (const OnDone& done : waiting) done(base::Ok{});
}

void Broker::connect_relay() {
  board_.relay.start({.on_entry = [this](const RelayReport& report) { relay_entry(report); },
                      .on_ready = [] {},
                      .on_ended = [this](const RelayReport& report) { relay_ended(report); },
                      .on_lost = [this] { relay_lost(); }});
}

// A stream that outlived the last daemon. One that was attached goes on; half-made ones are ended.
void Broker::relay_entry(const RelayReport& report) {
  if (report.record.empty() || board_.leases.find_stream(report.call) != nullptr) return;
  if (const auto call = parse_call_record(report.record); call && !call->input) return;
  auto lease = parse_lease(report.record);
  if (!lease || lease->state != LeaseState::attached || lease->stream_call != report.call ||
      !board_.qubes.contains(lease->frontend) || !board_.qubes.contains(lease->backend)) {
    log_.warning("stream_of_unknown_lease_ended", {{"call", std::to_string(report.call.value)}});
    return board_.relay.end(report.call);
  }
  const auto id = board_.leases.add(*lease, sharing_of(lease->backend));
  if (!id) return board_.relay.end(report.call);
  track(*id);
  attachments_.at(*id)->resume();
  log_.info("lease_resumed", {{"device", device_name(*lease)}, {"frontend", lease->frontend}});
}

void Broker::relay_ended(const RelayReport& report) {
  service_calls_.ended(report);
  if (const Lease* lease = board_.leases.find_stream(report.call)) {
    const auto attachment = attachments_.at(lease->id);
    return attachment->stream_ended(report);
  }
  // It ended while no daemon was there: nobody has heard of it yet.
  if (auto lease = parse_lease(report.record); lease && lease->state == LeaseState::attached) {
    lease->id = {};
    const auto id = board_.leases.add(*lease, sharing_of(lease->backend));
    if (id)
      board_.leases.end(*id, std::string("while the daemon was away: ") + describe(report.end),
                        wall_clock());
  }
}

void Broker::relay_lost() {
  service_calls_.relay_lost();
  const auto all = attachments_;
  for (const auto& [id, attachment] : all) attachment->relay_lost();
}

}  // namespace dom0::io
