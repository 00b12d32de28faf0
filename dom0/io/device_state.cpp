// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/device_state.hpp"

#include "dom0/device_description.hpp"
#include "dom0/io/switchboard.hpp"

namespace dom0::io {

base::Status DeviceState::open(const std::filesystem::path& file) {
  auto store = Store::open(file);
  if (!store) return base::fail(store.error().text);
  auto assignments = store->assignments();
  if (!assignments) return base::fail(assignments.error().text);
  for (Assignment& each : *assignments) {
    if (auto added = assignments_.add(std::move(each)); !added) return added;
  }
  auto denied = store->denied();
  if (!denied) return base::fail(denied.error().text);
  denied_ = *std::move(denied);
  auto devices = store->devices();
  if (!devices) return base::fail(devices.error().text);
  for (SeenDevice& each : *devices) history_.restore(std::move(each));
  if (auto read = store->inputs(input_trust_); !read) return read;
  auto held = store->held();
  if (!held) return base::fail(held.error().text);
  held_.restore(*std::move(held));
  store_ = *std::move(store);
  return base::Ok{};
}

base::Status DeviceState::assign(const Assignment& assignment) {
  if (auto added = assignments_.add(assignment); !added) return added;
  auto written = store_->put(assignment);
  if (!written) {
    // It was there a moment ago.
    static_cast<void>(
        assignments_.remove(assignment.frontend, assignment.device_class, assignment.device));
  }
  return written;
}

base::Status DeviceState::unassign(const Assignment& assignment) {
  // A copy: the caller's may be the table's own.
  const Assignment gone = assignment;
  if (auto written = store_->remove(gone); !written) return written;
  return assignments_.remove(gone.frontend, gone.device_class, gone.device);
}

base::Status DeviceState::set_mode(const Assignment& assignment, AssignmentMode mode) {
  Assignment changed = assignment;
  changed.mode = mode;
  if (auto written = store_->put(changed); !written) return written;
  Assignment* own = assignments_.find(changed.frontend, changed.device_class, changed.device);
  if (own != nullptr) own->mode = mode;
  return base::Ok{};
}

const std::string& DeviceState::denied(const std::string& qube) const {
  static const std::string none;
  const auto found = denied_.find(qube);
  return found == denied_.end() ? none : found->second;
}

base::Status DeviceState::deny(const std::string& qube, const std::string& interfaces) {
  if (auto written = store_->put_denied(qube, interfaces); !written) return written;
  denied_[qube] = interfaces;
  return base::Ok{};
}

DeviceHistory::Judgement DeviceState::judge(const std::string& backend,
                                            const Device& device) const {
  return history_.judge(history_key(device, backend), fingerprint_of(device));
}

void DeviceState::plugged(const std::string& backend, const Device& device, const UsbIds& ids) {
  history_.seen({.key = history_key(device, backend),
                 .fingerprint = fingerprint_of(device),
                 .device_id = device_id(device),
                 .description = describe(device, ids)},
                wall_clock());
  flush_soon();
}

void DeviceState::approved(const std::string& backend, const Device& device) {
  history_.approved(history_key(device, backend), fingerprint_of(device), wall_clock());
  flush_soon();
}

void DeviceState::approve_while_plugged(const std::string& frontend, const std::string& backend,
                                        const std::string& port_id) {
  while_plugged_[backend + ":" + port_id].insert(frontend);
}

bool DeviceState::approved_while_plugged(const std::string& frontend, const std::string& backend,
                                         const std::string& port_id) const {
  const auto found = while_plugged_.find(backend + ":" + port_id);
  return found != while_plugged_.end() && found->second.contains(frontend);
}

void DeviceState::unplugged(const std::string& backend, const std::string& port_id) {
  while_plugged_.erase(backend + ":" + port_id);
}

void DeviceState::prove_input(const InputIdentity& device) {
  input_trust_.prove(device, wall_clock());
  keep_inputs();
}

void DeviceState::stop_input(const InputIdentity& device, const std::string& reason) {
  input_trust_.stop(device, reason, wall_clock());
  keep_inputs();
}

void DeviceState::release_input(const InputIdentity& device) {
  input_trust_.release(device);
  keep_inputs();
}

// What cannot be written holds until this daemon ends.
void DeviceState::keep_inputs() {
  const InputTrust::Changes changes = input_trust_.take_changes();
  if (!store_) return;
  const auto written = store_->put_inputs(changes);
  if (!written) log_.error("input_trust_not_written", {{"reason", written.error().text}});
}

void DeviceState::save_held() {
  if (auto written = store_->put_held(held_.all()); !written) {
    log_.error("held_not_written", {{"reason", written.error().text}});
  }
}

void DeviceState::flush_soon() {
  if (flush_pending_) return;
  flush_pending_ = true;
  flush_.expires_after(flush_after);
  flush_.async_wait([this](const boost::system::error_code& error) {
    flush_pending_ = false;
    if (!error) flush();
  });
}

void DeviceState::flush() {
  if (!store_ || !history_.has_changes()) return;
  DeviceHistory::Changes changes = history_.take_changes();
  const auto written = store_->put_devices(changes);
  if (written) return;
  // Kept in memory, and tried again with the next change.
  log_.error("history_not_written", {{"reason", written.error().text}});
  history_.give_back(std::move(changes));
}

}  // namespace dom0::io
