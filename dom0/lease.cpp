// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/lease.hpp"

#include <algorithm>
#include <bit>

#include "base/wire/reader.hpp"
#include "base/wire/writer.hpp"

namespace dom0 {
namespace {

constexpr std::uint8_t record_version = 4;

constexpr std::uint32_t nobody = 0xffffffff;  // no user has this number

std::optional<std::uint32_t> take_user(base::wire::Reader& in) {
  const std::uint32_t user = in.u32();
  return user == nobody ? std::nullopt : std::optional(user);
}

void put_text(base::wire::Writer& out, std::string_view text) {
  text = text.substr(0, 255);
  out.u8(static_cast<std::uint8_t>(text.size())).text(text);
}

// Of text that dom0 has made and bounded itself: options, an id.
void put_long_text(base::wire::Writer& out, std::string_view text) {
  out.u16(static_cast<std::uint16_t>(text.size())).text(text);
}

std::string take_long_text(base::wire::Reader& in) {
  const std::size_t size = in.u16();
  return std::string(base::wire::as_text(in.take(size)));
}

bool only_reads(const Lease& lease) {
  const std::string* value = base::device::find_property(lease.options, "read-only");
  return value != nullptr && *value == "yes";
}

std::string take_text(base::wire::Reader& in) {
  const std::size_t size = in.u8();
  return std::string(base::wire::as_text(in.take(size)));
}

}  // namespace

const char* describe(LeaseState state) {
  switch (state) {
    case LeaseState::asking:
      return "asking";
    case LeaseState::attaching:
      return "attaching";
    case LeaseState::attached:
      return "attached";
    case LeaseState::detaching:
      return "detaching";
  }
  return "unknown";
}

std::string device_name(const Lease& lease) { return lease.backend + ":" + lease.device.port_id(); }

std::vector<std::byte> encode_lease(const Lease& lease) {
  std::vector<std::byte> wire;
  base::wire::Writer out(wire);
  out.u8(record_version)
      .u8(static_cast<std::uint8_t>(lease.state))
      .u32(lease.id.value)
      .u32(lease.attach_call.value)
      .u32(lease.stream_call.value)
      .u64(std::bit_cast<std::uint64_t>(lease.since));
  put_text(out, lease.frontend);
  put_text(out, lease.backend);
  put_text(out, lease.rule);
  put_text(out, lease.approver);
  out.u32(lease.who.requester.value_or(nobody)).u32(lease.who.approver.value_or(nobody));
  put_long_text(out, base::device::format_properties(lease.options));
  put_long_text(out, lease.device.usb_id());
  out.bytes(sysusb::encode_inventory_record(lease.device.record()));
  return wire;
}

std::optional<Lease> parse_lease(base::wire::Bytes record) {
  base::wire::Reader in(record);
  const std::uint8_t version = in.u8();
  const std::uint8_t state = in.u8();
  Lease lease;
  lease.id = {in.u32()};
  lease.attach_call = {in.u32()};
  lease.stream_call = {in.u32()};
  lease.since = std::bit_cast<std::int64_t>(in.u64());
  lease.frontend = take_text(in);
  lease.backend = take_text(in);
  lease.rule = take_text(in);
  lease.approver = take_text(in);
  lease.who.requester = take_user(in);
  lease.who.approver = take_user(in);
  auto options = base::device::parse_properties(take_long_text(in));
  std::string usb_id = take_long_text(in);
  auto device = sysusb::parse_inventory_record(in.rest());
  if (!in.ok() || !options || version != record_version || state < 1 || state > 4 || !device) {
    return std::nullopt;
  }
  lease.state = LeaseState{state};
  lease.options = *std::move(options);
  lease.device = Device(*std::move(device), std::move(usb_id));
  return lease;
}

base::Result<LeaseId> LeaseTable::add(Lease lease, Sharing sharing) {
  if (const Lease* other = find_conflict(lease, sharing)) {
    if (other->state == LeaseState::attached) {
      // Qubes' own words, and the remedy.
      return base::fail("Device " + device_name(*other) + " already attached to " +
                        other->frontend +
                        "; give it back first: " + std::string(other->device.device_class().tool) +
                        " detach " + other->frontend + " " + device_name(*other));
    }
    return base::fail("Device " + device_name(*other) + " is busy: " + describe(other->state) +
                      " for " + other->frontend);
  }
  if (leases_.size() >= max_leases) {
    return base::fail("too many devices attached (" + std::to_string(max_leases) +
                      "); detach one first");
  }
  if (lease.id.value == 0) {
    while (leases_.contains({next_id_})) ++next_id_;
    lease.id = {next_id_++};
  }
  const LeaseId id = lease.id;
  leases_.emplace(id, std::move(lease));
  return id;
}

Lease* LeaseTable::find(LeaseId id) {
  const auto found = leases_.find(id);
  return found == leases_.end() ? nullptr : &found->second;
}

const Lease* LeaseTable::find_device(const std::string& backend, const std::string& port_id) const {
  const auto found = std::ranges::find_if(leases_, [&](const auto& entry) {
    return entry.second.backend == backend && entry.second.device.port_id() == port_id;
  });
  return found == leases_.end() ? nullptr : &found->second;
}

Lease* LeaseTable::find_device(const std::string& backend, const std::string& port_id) {
  const Lease* found = std::as_const(*this).find_device(backend, port_id);
  return found == nullptr ? nullptr : find(found->id);
}

const Lease* LeaseTable::find_held(const std::string& frontend, const std::string& backend,
                                   const std::string& port_id) const {
  const auto found = std::ranges::find_if(leases_, [&](const auto& entry) {
    return entry.second.frontend == frontend && entry.second.backend == backend &&
           entry.second.device.port_id() == port_id;
  });
  return found == leases_.end() ? nullptr : &found->second;
}

std::vector<LeaseId> LeaseTable::all_of(const std::string& backend,
                                        const std::string& port_id) const {
  std::vector<LeaseId> found;
  for (const auto& [id, lease] : leases_) {
    if (lease.backend == backend && lease.device.port_id() == port_id) found.push_back(id);
  }
  return found;
}

const Lease* LeaseTable::find_conflict(const Lease& lease, Sharing sharing) const {
  const auto found = std::ranges::find_if(leases_, [&](const auto& entry) {
    const Lease& other = entry.second;
    if (other.backend != lease.backend || !share_hardware(other.device, lease.device)) return false;
    const bool shared = sharing == Sharing::of_snapshots && other.frontend != lease.frontend &&
                        (only_reads(other) || only_reads(lease));
    return !shared;
  });
  return found == leases_.end() ? nullptr : &found->second;
}

Lease* LeaseTable::find_stream(CallId stream_call) {
  const auto found = std::ranges::find_if(
      leases_, [&](const auto& entry) { return entry.second.stream_call == stream_call; });
  return found == leases_.end() ? nullptr : &found->second;
}

Lease* LeaseTable::find_expected(const std::string& frontend, const std::string& backend,
                                 const std::string& port_id) {
  const Lease* held = find_held(frontend, backend, port_id);
  if (held == nullptr || held->state != LeaseState::attaching || held->stream_call.value != 0) {
    return nullptr;
  }
  return find(held->id);
}

void LeaseTable::end(LeaseId id, std::string reason, std::int64_t now) {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return;
  if (ended_.size() == max_ended) ended_.pop_front();
  ended_.push_back({.device = device_name(found->second),
                    .frontend = found->second.frontend,
                    .reason = std::move(reason),
                    .when = now});
  leases_.erase(found);
}

const EndedLease* LeaseTable::last_end(const std::string& device) const {
  const auto found = std::find_if(ended_.rbegin(), ended_.rend(),
                                  [&](const EndedLease& ended) { return ended.device == device; });
  return found == ended_.rend() ? nullptr : &*found;
}

}  // namespace dom0
