// SPDX-License-Identifier: GPL-2.0-or-later
// Carries out assignments: when a device is plugged in, when a qube starts, and again after a
// failure, a bounded number of times.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "dom0/io/attachment.hpp"

namespace dom0::io {

class AutoAttach {
 public:
  // Waits 1, 2, 4, 8, 16 s between tries; a refusal by policy or by a person is not tried again
  // before the device or the qube comes back.
  static constexpr unsigned max_tries = 6;

  struct Wish {
    std::string frontend;
    std::string backend;
    std::string port_id;
    base::device::Properties options = {};
    const DeviceClass* device_class = &usb_class;
  };
  using OnDone = std::function<void(const AttachOutcome&)>;
  using Attach = std::function<void(const Wish&, Approval, OnDone)>;

  AutoAttach(Switchboard& board, Attach attach) : board_(board), attach_(std::move(attach)) {}

  void plugged(const std::string& backend, const std::string& port_id);
  void unplugged(const std::string& backend, const std::string& port_id);
  void started(const std::string& frontend);
  // Somebody took the device away by hand: it stays away until it, or the qube, comes back.
  void detached_by_hand(const Wish& wish);

 private:
  // One device that is asked about, or being tried again.
  struct Pending {
    unsigned tries = 0;
    std::shared_ptr<policy::io::AskClient> question;
    std::unique_ptr<boost::asio::steady_timer> timer;
  };

  void consider(const std::string& backend, const std::string& port_id);
  std::vector<const Assignment*> candidates(const DeviceClass& device_class,
                                            const DeviceRef& ref) const;
  void choose(const DeviceRef& device, const std::vector<const Assignment*>& wanting);
  void chosen(const DeviceRef& device, const Device& shown, const policy::io::Answer& answer);
  void attach(const Wish& wish, Approval approval);
  void after_attach(const Wish& wish, Approval approval, const AttachOutcome& outcome);
  static std::string place(const std::string& backend, const std::string& port_id) {
    return backend + ":" + port_id;
  }

  Switchboard& board_;
  Attach attach_;
  std::map<std::string, Pending> pending_;              // by place
  std::set<std::pair<std::string, std::string>> held_;  // frontend, place
};

}  // namespace dom0::io
