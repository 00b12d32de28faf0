// SPDX-License-Identifier: GPL-2.0-or-later
// Attachments that survive their device's leaving the bus for a moment: has what came back to the
// port judged again, and attached again or not, with a word in the audit log for each step.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "dom0/io/attachment.hpp"
#include "dom0/io/auto_attach.hpp"
#include "dom0/replug.hpp"

namespace dom0::io {

class ReplugDesk {
 public:
  struct Wish {
    Departed last;
    Approval approval = Approval::none;
    Asked asked;
  };
  using Attach = std::function<void(const Wish&, Attachment::OnAttached)>;

  // `attach` runs the callback once; `assignments` may attach too, and comes first.
  ReplugDesk(Switchboard& board, AutoAttach& assignments, Attach attach, ReplugPace pace);

  // The lease of a USB device is over; `told`: sys-usb has said that the device left.
  enum class Told : std::uint8_t { no, yes };
  void ended(const Lease& lease, Departure how, Told told);
  void gone(const std::string& backend, const std::string& port_id);
  // True: it will be seen to, and is nobody else's to attach unasked.
  bool arrived(const std::string& backend, const std::string& port_id);
  // Nothing is held any more, because of `why`. True if something was.
  bool forget(const std::string& backend, const std::string& port_id, const std::string& why);
  void forget_qube(const std::string& qube, const std::string& why);
  void forget_all(const std::string& why);
  const Replug& state() const { return replug_; }

 private:
  static Replug::Time now();
  Replug::Port port_of(const Replug::Place& place) const;
  void judge(const Replug::Place& place, const Departed& last);
  void attach(const Replug::Place& place, const Wish& wish);
  void after_attach(const Replug::Place& place, const AttachOutcome& outcome);
  void tell(const Replug::Place& place, const Departed& last, const std::string& text) const;
  void tell_step(const Replug::Place& place, Replug::Step step) const;
  void arm();
  void look();

  Switchboard& board_;
  AutoAttach& assignments_;
  Attach attach_;
  Replug replug_;
  boost::asio::steady_timer timer_;
};

}  // namespace dom0::io
