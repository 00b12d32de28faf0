// SPDX-License-Identifier: GPL-2.0-or-later
// Carries out assignments: when a device is plugged in, when a qube starts, when the host wakes up,
// and again after a failure, a bounded number of times.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "dom0/io/attachment.hpp"

namespace dom0::io {

class AutoAttach {
 public:
  // Waits 1, 2, 4, 8, 16 s between tries; a refusal by policy or by a person is not tried again
  // before the device or the qube comes back.
  static constexpr unsigned max_tries = 6;
  // Where there is nobody to ask, a prompt agent may still be started: 1, 2, 4, 8, 16 and then
  // every 30 s, for about ten minutes.
  static constexpr unsigned max_asks = 24;
  static constexpr unsigned longest_wait = 30;  // times first_wait

  struct Wish {
    std::string frontend;
    std::string backend;
    std::string port_id;
    base::device::Properties options = {};
    const DeviceClass* device_class = &usb_class;
    std::optional<uid_t> approver = {};  // who said yes, if somebody was asked
  };
  using OnDone = std::function<void(const AttachOutcome&)>;
  using Attach = std::function<void(const Wish&, Approval, OnDone)>;

  AutoAttach(Switchboard& board, Attach attach,
             std::chrono::milliseconds first_wait = std::chrono::seconds(1))
      : board_(board), attach_(std::move(attach)), first_wait_(first_wait) {}

  void plugged(const std::string& backend, const std::string& port_id);
  // Whether an assignment is about what is in the port now.
  bool wants(const std::string& backend, const std::string& port_id) const;
  void unplugged(const std::string& backend, const std::string& port_id);
  // Its qube is about to tell anew what it has: nothing is known of this device until then.
  void forgotten(const std::string& backend, const std::string& port_id);
  // Its qube has told all that it has.
  void told_all(const std::string& backend);
  // Its agent is connected. `life`: see HeldDevices.
  void started(const std::string& qube, const QubeLife& life);
  // The host was suspended: what is assigned and not attached is looked at again.
  void resumed();
  // Somebody took these devices away by hand: each stays away until it, or the qube, comes back.
  void detached_by_hand(const std::vector<Wish>& wishes);

 private:
  // One device that is asked about, or being tried again.
  struct Pending {
    std::vector<std::string> wanting;  // the qubes that it is about
    unsigned tries = 0;
    unsigned asks = 0;
    std::shared_ptr<policy::io::AskClient> question;
    std::unique_ptr<boost::asio::steady_timer> timer;
  };

  void consider(const std::string& backend, const std::string& port_id);
  std::vector<const Assignment*> candidates(const DeviceClass& device_class,
                                            const DeviceRef& ref) const;
  void choose(const DeviceRef& device, const std::vector<const Assignment*>& wanting);
  void chosen(const DeviceRef& device, const Device& shown, const policy::io::Answer& answer);
  void ask_later(const DeviceRef& device, const Device& shown, Pending& pending);
  void attach(const Wish& wish, Approval approval);
  void after_attach(const Wish& wish, Approval approval, const AttachOutcome& outcome);
  void again(const Wish& wish, Approval approval);
  void wait(const std::string& here, unsigned before, std::function<void()> then);
  void give_up(const std::string& here);
  void tell_refusal(const DeviceRef& device, const policy::io::Answer& answer);
  QubeLife life_of(const std::string& qube) const;
  HeldDevice held_of(const Wish& wish) const;
  static std::string place(const std::string& backend, const std::string& port_id) {
    return backend + ":" + port_id;
  }

  Switchboard& board_;
  Attach attach_;
  std::chrono::milliseconds first_wait_;
  std::map<std::string, Pending> pending_;  // by place
  std::map<std::string, QubeLife> lives_;   // of the qubes that are connected
};

}  // namespace dom0::io
