// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/device_history.hpp"

#include <utility>

#include "base/hash/digest.hpp"
#include "dom0/device_lines.hpp"

namespace dom0 {

namespace {

std::string usb_fingerprint(sysusb::DeviceRecord placeless) {
  placeless.port_id = "0-0";
  placeless.bus = 0;
  placeless.device = 0;
  // The hash of the descriptors stands for both already, and devices that were known before there
  // were these two stay known.
  if (!placeless.descriptors_hash.empty()) {
    placeless.described.clear();
    placeless.usbguard_hash.clear();
  }
  placeless.speed = sysusb::Speed::unknown;  // the port's doing as much as the device's
  return base::hash::to_hex(base::hash::digest_of(sysusb::encode_record(placeless)));
}

// Of what may be written to the medium at any time (size of a partition, label) nothing counts:
// only what it hangs on, and that it is this part of it.
std::string block_fingerprint(const Device& device) {
  return base::hash::to_hex(base::hash::digest_of(base::wire::as_bytes(device_id(device))));
}

}  // namespace

std::string history_key(const Device& device, const std::string& backend) {
  const std::string id = device_id(device);
  if (device.block() != nullptr) return id + ":" + backend;
  // The id without its interfaces: those may be what changed.
  const std::string key = id.substr(0, id.rfind(':'));
  return device.usb()->serial.empty() ? key + ":" + backend + ":" + device.port_id() : key;
}

std::string fingerprint_of(const Device& device) {
  return device.block() != nullptr ? block_fingerprint(device) : usb_fingerprint(*device.usb());
}

std::string_view describe(HistoryVerdict verdict) {
  switch (verdict) {
    case HistoryVerdict::fresh:
      return "new";
    case HistoryVerdict::known:
      return "known";
    case HistoryVerdict::changed:
      return "changed";
  }
  return "?";
}

void DeviceHistory::restore(SeenDevice device) {
  const Id id(device.key, device.fingerprint);
  if (device.approved == 0) unapproved_.emplace(device.last_seen, id);
  devices_.insert_or_assign(id, std::move(device));
}

DeviceHistory::Judgement DeviceHistory::judge(const std::string& key,
                                              const std::string& fingerprint) const {
  Judgement judgement;
  for (auto each = devices_.lower_bound(Id(key, {})); each != devices_.end(); ++each) {
    const SeenDevice& device = each->second;
    if (device.key != key) break;
    if (device.fingerprint == fingerprint) {
      if (device.approved != 0) return {Verdict::known, device};
      if (judgement.verdict != Verdict::changed) judgement.before = device;
    } else if (judgement.verdict != Verdict::changed ||
               device.last_seen > judgement.before.last_seen) {
      judgement = {Verdict::changed, device};
    }
  }
  return judgement;
}

void DeviceHistory::seen(SeenDevice device, std::int64_t now) {
  const Id id(device.key, device.fingerprint);
  const auto found = devices_.find(id);
  if (found == devices_.end()) {
    if (devices_.size() >= max_devices) forget_one();
    device.first_seen = device.last_seen = now;
    device.approved = 0;
    unapproved_.emplace(now, id);
    devices_.emplace(id, std::move(device));
  } else {
    SeenDevice& old = found->second;
    if (old.approved == 0) {
      const auto [first, last] = unapproved_.equal_range(old.last_seen);
      for (auto each = first; each != last; ++each) {
        if (each->second != id) continue;
        unapproved_.erase(each);
        break;
      }
      unapproved_.emplace(now, id);
    }
    old.last_seen = now;
    old.device_id = std::move(device.device_id);
    old.description = std::move(device.description);
  }
  dirty_.insert(id);
}

void DeviceHistory::approved(const std::string& key, const std::string& fingerprint,
                             std::int64_t now) {
  const Id id(key, fingerprint);
  const auto found = devices_.find(id);
  if (found == devices_.end()) return;
  if (found->second.approved == 0) {
    std::erase_if(unapproved_, [&id](const auto& entry) { return entry.second == id; });
  }
  found->second.approved = now;
  dirty_.insert(id);
}

// One that was approved goes only when all are.
void DeviceHistory::forget_one() {
  auto victim = devices_.begin();
  if (!unapproved_.empty()) {
    victim = devices_.find(unapproved_.begin()->second);
    unapproved_.erase(unapproved_.begin());
  } else {
    for (auto each = devices_.begin(); each != devices_.end(); ++each) {
      if (each->second.last_seen < victim->second.last_seen) victim = each;
    }
  }
  dirty_.erase(victim->first);
  // What cannot be noted stays on disk, and is forgotten after the next start.
  if (forgotten_.size() < max_devices) forgotten_.push_back(std::move(victim->second));
  devices_.erase(victim);
}

DeviceHistory::Changes DeviceHistory::take_changes() {
  Changes changes;
  changes.forgotten = std::exchange(forgotten_, {});
  for (const Id& id : std::exchange(dirty_, {})) {
    changes.kept.push_back(devices_.at(id));
  }
  return changes;
}

void DeviceHistory::give_back(Changes changes) {
  for (const SeenDevice& each : changes.kept) {
    const Id id(each.key, each.fingerprint);
    if (devices_.contains(id)) dirty_.insert(id);
  }
  for (SeenDevice& each : changes.forgotten) {
    if (!devices_.contains(Id(each.key, each.fingerprint))) forgotten_.push_back(std::move(each));
  }
}

std::vector<const SeenDevice*> DeviceHistory::all() const {
  std::vector<const SeenDevice*> list;
  list.reserve(devices_.size());
  for (const auto& [id, device] : devices_) list.push_back(&device);
  return list;
}

}  // namespace dom0
