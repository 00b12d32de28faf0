// SPDX-License-Identifier: GPL-2.0-or-later
// Session: input, deadlines and the end. The rest of the class is in session_*.cpp.
#include "usbproxy/session.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace usbproxy {

Session::Session(std::optional<Identity> expected, Time now, firewall::Rights rights,
                 std::uint32_t caps)
    : device_(std::move(expected)),
      stream_(redir::Sender::host, caps),
      now_(now),
      connect_by_(now + connect_deadline),
      last_stream_bytes_(now),
      rights_(std::move(rights)),
      rules_(rights_.control_rules()),
      urbs_(&pool_),
      parked_(&pool_) {
  redir::append_hello(to_stream_.tail(), caps);
}

void Session::from_kernel(base::wire::Bytes untrusted, Time now) {
  while (!untrusted.empty() && !end_) {
    const auto room = prepare_kernel();
    const std::size_t count = std::min(room.size(), untrusted.size());
    std::copy_n(untrusted.begin(), count, room.begin());
    kernel_arrived(count, now);
    untrusted = untrusted.subspan(count);
  }
}

void Session::from_stream(base::wire::Bytes untrusted, Time now) {
  while (!untrusted.empty() && !end_) {
    const auto room = prepare_stream();
    const std::size_t count = std::min(room.size(), untrusted.size());
    std::copy_n(untrusted.begin(), count, room.begin());
    stream_arrived(count, now);
    untrusted = untrusted.subspan(count);
  }
}

void Session::kernel_arrived(std::size_t count, Time now) {
  if (end_) return;
  now_ = now;
  kernel_.commit(count);
  for (;;) {
    const auto command = kernel_.next();
    if (!command) {
      return finish(EndReason::kernel_violation,
                    std::string("the target's vhci_hcd sent a malformed message: ") +
                        usbip::describe(command.error()));
    }
    if (*command == nullptr) return;
    from_target(**command, now);
    if (end_) return;
  }
}

void Session::from_target(const usbip::Command& command, Time now) {
  if (end_) return;
  now_ = now;
  if (command.kind == usbip::CommandKind::submit) {
    on_submit(command);
  } else {
    on_unlink(command);
  }
}

void Session::stream_arrived(std::size_t count, Time now) {
  if (end_) return;
  now_ = now;
  last_stream_bytes_ = now;
  stream_.commit(count);
  for (;;) {
    const auto packet = stream_.next();
    if (!packet) return violation(redir::describe(packet.error()));
    if (*packet == nullptr) return;
    handle(**packet);
    if (end_) return;
  }
}

void Session::kernel_closed(Time now) {
  if (end_) return;
  now_ = now;
  stop_streams_of(std::nullopt);
  for (auto& [seqnum, urb] : urbs_) {
    if (urb.state == UrbState::sent) cancel(urb);
  }
  // Tells the backend to give the device back to its own system.
  if (phase_ == Phase::connected && (caps_ & redir::cap::filter) != 0) {
    redir::append_packet(to_stream_.tail(), caps_, redir::PacketType::filter_reject, 0,
                         redir::Empty{});
  }
  finish(EndReason::target_detached, "target detached the device");
}

void Session::stream_closed(Time now) {
  now_ = now;
  finish(EndReason::stream_closed, "stream closed by sys-usb or dom0");
}

void Session::stop(Time now) {
  now_ = now;
  finish(EndReason::stopped, "stopped");
}

void Session::refuse(std::string why, Time now) {
  now_ = now;
  finish(EndReason::refused, std::move(why));
}

// Before the first configuration there is nothing that a reset would undo.
void Session::target_reset(Time now) {
  if (end_ || phase_ != Phase::connected) return;
  now_ = now;
  if (configured_) reset_device();
}

void Session::target_broke(std::string how, Time now) {
  now_ = now;
  finish(EndReason::kernel_violation, std::move(how));
}

void Session::source_failed(EndReason reason, std::string why, Time now) {
  now_ = now;
  finish(reason, std::move(why));
}

void Session::finish(EndReason reason, std::string text) {
  if (end_) return;
  end_ = End{.reason = reason, .text = std::move(text) + describe(counters_.iso)};
  phase_ = Phase::ended;
  fail_pending(-ENODEV);
}

void Session::violation(std::string_view what) {
  finish(EndReason::violation, "protocol violation: " + std::string(what));
}

// The last answers. Cancelled requests get their unlink's answer instead of their own.
void Session::fail_pending(std::int32_t status) {
  while (!urbs_.empty()) {
    const auto urb = urbs_.begin();
    if (urb->second.state == UrbState::cancelling) {
      give_back_unlinked(urb);
    } else {
      complete(urb, {.status = status, .out_length = 0, .in_data = {}});
    }
  }
}

void Session::tick(Time now) {
  if (end_) return;
  now_ = now;
  if ((phase_ != Phase::connected || reading_ != Reading::none) && now >= connect_by_) {
    const bool introduced = phase_ == Phase::pinning || phase_ == Phase::connected;
    return finish(EndReason::silent,
                  introduced ? "the device did not show all its descriptors within 15 s"
                             : "the backend did not introduce the device within 15 s; is sys-usb "
                               "overloaded?");
  }
  if (now >= packet_due()) {
    const auto silent = std::chrono::floor<std::chrono::seconds>(now - last_stream_bytes_);
    return finish(EndReason::silent, "the backend stopped in the middle of a packet for " +
                                         std::to_string(silent.count()) + " s");
  }
  run_deadlines();
  for (std::size_t i = 1; i < interrupts_.size(); ++i) {
    if (now < interrupts_[i].idle_since || now - interrupts_[i].idle_since < stream_idle) {
      continue;
    }
    interrupts_[i].idle_since = Time::max();
    stop_stream(static_cast<std::uint8_t>(i));
  }
  tick_iso();
}

Time Session::packet_due() const {
  if (!stream_.inside_packet()) return Time::max();
  return last_stream_bytes_ +
         (phase_ == Phase::connected ? attached_packet_deadline : packet_deadline);
}

// expire() may erase, so the due ones are looked for again after each.
void Session::run_deadlines() {
  while (!end_) {
    const auto due = std::find_if(urbs_.begin(), urbs_.end(), [this](const auto& entry) {
      return entry.second.deadline <= now_;
    });
    if (due == urbs_.end()) return;
    expire(due);
  }
}

// The backend owes an answer for too long: the kernel gets one, the backend's is thrown away when
// it comes.
void Session::expire(Urbs::iterator urb) {
  if (urb->second.state != UrbState::cancelling && urb->second.kind == UrbKind::control) {
    cancel(urb->second);
  }
  if ((urb->second.awaited & main_reply) != 0) orphan(urb->second.id);
  if ((urb->second.awaited & zero_packet_reply) != 0) orphan(urb->second.id | zero_packet_id);
  if (end_) return;  // one orphan too many: all is answered
  if (urb->second.kind == UrbKind::bulk_streams) note_streams(urb->second.endpoints, 0);
  if (urb->second.state == UrbState::cancelling) {
    give_back_unlinked(urb);
  } else {
    complete(urb, {.status = -ETIMEDOUT, .out_length = 0, .in_data = {}});
  }
}

Time Session::next_deadline() const {
  if (end_) return Time::max();
  const bool connecting = phase_ != Phase::connected || reading_ != Reading::none;
  Time next = connecting ? connect_by_ : Time::max();
  next = std::min(next, packet_due());
  for (const auto& [seqnum, urb] : urbs_) next = std::min(next, urb.deadline);
  for (const InterruptIn& stream : interrupts_) {
    if (stream.idle_since != Time::max()) next = std::min(next, stream.idle_since + stream_idle);
  }
  return std::min(next, next_iso_deadline());
}

void Session::orphan(std::uint64_t id) {
  orphans_.push_back(id);
  if (orphans_.size() > max_orphans) {
    finish(EndReason::silent, "the backend leaves hundreds of requests unanswered");
  }
}

bool Session::take_orphan(std::uint64_t id) {
  const auto found = std::find(orphans_.begin(), orphans_.end(), id);
  if (found == orphans_.end()) return false;
  *found = orphans_.back();
  orphans_.pop_back();
  return true;
}

}  // namespace usbproxy
