// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 remembers of devices: assignments, denied interfaces, the history, and approvals that
// last while a device stays plugged in. The first three are on disk before a change is acknowledged
// (of the history: within `flush_after`, for it only informs).
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/io/log.hpp"
#include "dom0/assignment.hpp"
#include "dom0/device_history.hpp"
#include "dom0/input_trust.hpp"
#include "dom0/io/store.hpp"
#include "dom0/usb_ids.hpp"

namespace dom0::io {

class DeviceState {
 public:
  static constexpr std::chrono::milliseconds flush_after{200};

  DeviceState(boost::asio::io_context& io, const base::io::Log& log) : log_(log), flush_(io) {}

  base::Status open(const std::filesystem::path& file);

  const AssignmentTable& assignments() const { return assignments_; }
  base::Status assign(const Assignment& assignment);
  base::Status unassign(const Assignment& assignment);
  base::Status set_mode(const Assignment& assignment, AssignmentMode mode);
  const Assignment* find(const std::string& frontend, const DeviceClass& device_class,
                         const DeviceRef& ref) {
    return assignments_.find(frontend, device_class.name, ref);
  }

  // Devices that were taken away by hand. Each says what happened; what changed is on disk when it
  // returns, or in the log why not.
  const HeldDevices& held() const { return held_; }
  template <class Change>
  void change_held(Change change) {
    if (change(held_)) save_held();
  }

  // Interface patterns in a row, "u0e****u030101"; empty: none.
  const std::string& denied(const std::string& qube) const;
  base::Status deny(const std::string& qube, const std::string& interfaces);

  using Judgement = DeviceHistory::Judgement;
  Judgement judge(const std::string& backend, const Device& device) const;
  const DeviceHistory& history() const { return history_; }
  void plugged(const std::string& backend, const Device& device, const UsbIds& ids);
  void approved(const std::string& backend, const Device& device);

  // "While plugged in": until the device leaves its port or changes, or this daemon ends.
  void approve_while_plugged(const std::string& frontend, const std::string& backend,
                             const std::string& port_id);
  bool approved_while_plugged(const std::string& frontend, const std::string& backend,
                              const std::string& port_id) const;
  void unplugged(const std::string& backend, const std::string& port_id);

  const InputTrust& input_trust() const { return input_trust_; }
  void prove_input(const InputIdentity& device);
  void stop_input(const InputIdentity& device, const std::string& reason);
  void release_input(const InputIdentity& device);

  // Writes what is not written yet; called before the program ends.
  void flush();

 private:
  void flush_soon();
  void keep_inputs();
  void save_held();

  const base::io::Log& log_;
  boost::asio::steady_timer flush_;
  bool flush_pending_ = false;
  std::optional<Store> store_;
  AssignmentTable assignments_;
  std::map<std::string, std::string> denied_;
  DeviceHistory history_;
  InputTrust input_trust_;
  HeldDevices held_;
  std::map<std::string, std::set<std::string>> while_plugged_;  // frontends by "backend:port"
};

}  // namespace dom0::io
