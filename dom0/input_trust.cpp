// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/input_trust.hpp"

#include <algorithm>
#include <utility>

#include "dom0/device_history.hpp"

namespace dom0 {
namespace {

bool is_of(const ProvenInput& proven, const InputIdentity& device) {
  return !device.port.empty() && proven.backend == device.backend && proven.port == device.port &&
         proven.fingerprint == device.fingerprint;
}

bool is_of(const StoppedInput& stopped, const InputIdentity& device) {
  const bool same_kind = !device.fingerprint.empty() && stopped.fingerprint == device.fingerprint;
  return stopped.backend == device.backend && (stopped.place == device.place || same_kind);
}

// Moves those that `chosen` says to `gone`.
template <class Entry, class Chosen>
void move_out(std::vector<Entry>& from, std::vector<Entry>& gone, const Chosen& chosen) {
  const auto kept = std::stable_partition(from.begin(), from.end(),
                                          [&chosen](const Entry& each) { return !chosen(each); });
  std::move(kept, from.end(), std::back_inserter(gone));
  from.erase(kept, from.end());
}

template <class Entry>
void add(std::vector<Entry>& to, std::vector<Entry>& gone, const Entry& entry) {
  if (to.size() >= InputTrust::max_entries) {
    gone.push_back(std::move(to.front()));
    to.erase(to.begin());
  }
  to.push_back(entry);
}

}  // namespace

InputIdentity attached_identity(const std::string& backend, const Device& device) {
  return {.backend = backend,
          .place = "usb " + device.port_id(),
          .port = device.port_id(),
          .fingerprint = device.usb() == nullptr ? "" : fingerprint_of(device)};
}

bool InputTrust::proven(const InputIdentity& device) const {
  return std::ranges::any_of(proven_,
                             [&device](const ProvenInput& each) { return is_of(each, device); });
}

void InputTrust::prove(const InputIdentity& device, std::int64_t now) {
  if (device.port.empty() || proven(device)) return;
  const ProvenInput entry{device.backend, device.port, device.fingerprint, now};
  add(proven_, changes_.unproven, entry);
  changes_.proven.push_back(entry);
}

std::string InputTrust::stopped(const InputIdentity& device) const {
  const auto found = std::ranges::find_if(
      stopped_, [&device](const StoppedInput& each) { return is_of(each, device); });
  return found == stopped_.end() ? std::string() : found->reason;
}

void InputTrust::stop(const InputIdentity& device, const std::string& reason, std::int64_t now) {
  move_out(proven_, changes_.unproven,
           [&device](const ProvenInput& each) { return is_of(each, device); });
  release(device);  // the newest reason is the one to show
  const StoppedInput entry{device.backend, device.place, device.fingerprint, reason, now};
  add(stopped_, changes_.released, entry);
  changes_.stopped.push_back(entry);
}

void InputTrust::release(const InputIdentity& device) {
  move_out(stopped_, changes_.released,
           [&device](const StoppedInput& each) { return is_of(each, device); });
}

InputTrust::Changes InputTrust::take_changes() { return std::exchange(changes_, {}); }

}  // namespace dom0
