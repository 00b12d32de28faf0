// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/replug_desk.hpp"

#include <utility>

#include "dom0/io/resume_watch.hpp"

namespace dom0::io {
namespace {

// A person said so about this attachment. What a rule or an assignment said is said anew.
bool asked_a_person(const Departed& last) { return last.approver.starts_with("prompt"); }

std::string seconds_text(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

ReplugDesk::ReplugDesk(Switchboard& board, AutoAttach& assignments, Attach attach, ReplugPace pace)
    : board_(board),
      assignments_(assignments),
      attach_(std::move(attach)),
      replug_(pace),
      timer_(board.io) {}

Replug::Time ReplugDesk::now() {
  return std::chrono::steady_clock::now().time_since_epoch() + time_asleep();
}

Replug::Port ReplugDesk::port_of(const Replug::Place& place) const {
  return board_.inventory.find(place.first, place.second) == nullptr ? Replug::Port::empty
                                                                     : Replug::Port::taken;
}

void ReplugDesk::ended(const Lease& lease, Departure how, Told told) {
  if (lease.device.usb() == nullptr) return;
  const Replug::Place place(lease.backend, lease.device.port_id());
  if (how == Departure::none) {
    // One that is being attached again is told of by its own callback.
    const auto found = replug_.all().find(place);
    if (found != replug_.all().end() && found->second.state == Replug::State::attached) {
      replug_.forget(place);
    }
    return;
  }
  // What was allowed while it stays plugged in was not allowed to this one.
  if (how == Departure::changed) board_.devices.unplugged(place.first, place.second);
  const bool known =
      told == Told::yes || how == Departure::changed || port_of(place) == Replug::Port::empty;
  tell_step(place, replug_.departed({.frontend = lease.frontend,
                                     .backend = lease.backend,
                                     .device = lease.device,
                                     .options = lease.options,
                                     .approver = lease.approver,
                                     .who = lease.who,
                                     .how = how,
                                     .ended = wall_clock()},
                                    known ? port_of(place) : Replug::Port::untold, now()));
  arm();
}

void ReplugDesk::gone(const std::string& backend, const std::string& port_id) {
  const Replug::Place place(backend, port_id);
  tell_step(place, replug_.gone(place, now()));
  arm();
}

bool ReplugDesk::arrived(const std::string& backend, const std::string& port_id) {
  const Replug::Place place(backend, port_id);
  const auto found = replug_.all().find(place);
  const bool over = found != replug_.all().end() &&
                    found->second.state == Replug::State::attached &&
                    board_.leases.find_device(backend, port_id) == nullptr;
  if (over) replug_.forget(place);  // what was attached there ended otherwise
  const bool own = replug_.arrived(place, now());
  arm();
  return own;
}

bool ReplugDesk::forget(const std::string& backend, const std::string& port_id,
                        const std::string& why) {
  const Replug::Place place(backend, port_id);
  const auto held = replug_.forget(place);
  if (held) tell(place, held->last, "is no longer held for " + held->last.frontend + ": " + why);
  return held.has_value();
}

void ReplugDesk::forget_qube(const std::string& qube, const std::string& why) {
  for (const auto& [place, entry] : replug_.forget_qube(qube)) {
    tell(place, entry.last, "is no longer held for " + entry.last.frontend + ": " + why);
  }
}

void ReplugDesk::forget_all(const std::string& why) {
  for (const auto& [name, qube] : board_.qubes) forget_qube(name, why);
}

// What is in the port now, whatever it is, passes the whole of policy again. Only the very same
// device has what a person said about it before.
void ReplugDesk::judge(const Replug::Place& place, const Departed& last) {
  if (replug_.held(place) == nullptr) return;  // an earlier one of this turn ended it
  const Device* device = board_.inventory.find(place.first, place.second);
  if (device == nullptr) {  // its qube tells anew what it has
    return after_attach(place, {AttachOutcome::Kind::failed, "nothing is in the port"});
  }
  if (board_.leases.find_device(place.first, place.second) != nullptr) {
    return replug_.attached(place, now());  // by somebody else's decision
  }
  if (is_same_device(last, *device) && asked_a_person(last)) {
    tell(place, last, "came back as the same device: attached to " + last.frontend + " again");
    return attach(place, {last, Approval::kept, {.by = "the same device, back in its port"}});
  }
  if (last.how == Departure::left && assignments_.wants(place.first, place.second)) {
    tell(place, last, "came back: its assignments decide");
    replug_.attached(place, now());
    return assignments_.plugged(place.first, place.second);
  }
  const std::string what = last.how == Departure::changed
                               ? "came back from a reset with other descriptors"
                               : "came back";
  tell(place, last,
       what + " as " + device_id(*device) + ", before " + device_id(last.device) +
           ": judged again for " + last.frontend);
  Departed anew = last;
  anew.who.approver.reset();
  attach(place, {anew, Approval::none, {.by = "the device " + what, .before = last.device}});
}

void ReplugDesk::attach(const Replug::Place& place, const Wish& wish) {
  attach_(wish, [this, place](const AttachOutcome& outcome) { after_attach(place, outcome); });
}

void ReplugDesk::after_attach(const Replug::Place& place, const AttachOutcome& outcome) {
  const auto found = replug_.all().find(place);
  if (found == replug_.all().end()) return;
  const Departed last = found->second.last;
  if (outcome.kind == AttachOutcome::Kind::attached) return replug_.attached(place, now());
  const auto failure = outcome.kind == AttachOutcome::Kind::failed ? Replug::Failure::failed
                                                                   : Replug::Failure::refused;
  tell(place, last, "is not attached to " + last.frontend + " again: " + outcome.reason);
  tell_step(place, replug_.not_attached(place, failure, port_of(place), now()));
  arm();
}

void ReplugDesk::tell(const Replug::Place& place, const Departed& last,
                      const std::string& text) const {
  board_.audit.event("replug", "sallyport: " + place.first + ":" + place.second + " " + text,
                     last.who);
}

void ReplugDesk::tell_step(const Replug::Place& place, Replug::Step step) const {
  const auto found = replug_.all().find(place);
  if (found == replug_.all().end()) return;
  const Departed& last = found->second.last;
  switch (step) {
    case Replug::Step::nothing:
    case Replug::Step::settling:
    case Replug::Step::judge:
    case Replug::Step::expired:
      return;
    case Replug::Step::held:
      return tell(place, last,
                  "left the bus: its port is held for " + last.frontend + " for " +
                      seconds_text(replug_.pace().hold));
    case Replug::Step::given_up:
      return tell(place, last,
                  "left the bus " + std::to_string(found->second.departures) +
                      " times in a row: nothing is attached there by itself until it has kept "
                      "still for " +
                      seconds_text(replug_.pace().steady) +
                      "; look at its cable, or attach it by hand");
  }
}

void ReplugDesk::arm() {
  const Replug::Time next = replug_.next();
  if (next == Replug::Time::max()) {
    timer_.cancel();
    return;
  }
  // This clock may stand still while the other goes on: then it is late, and nothing is lost.
  timer_.expires_after(std::max(next - now(), Replug::Time(0)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

void ReplugDesk::look() {
  for (const Replug::Due& due : replug_.due(now())) {
    if (due.step == Replug::Step::judge) {
      judge(due.place, due.entry.last);
    } else if (due.step == Replug::Step::expired) {
      tell(due.place, due.entry.last,
           "did not come back: no longer held for " + due.entry.last.frontend);
    }
  }
  arm();
}

}  // namespace dom0::io
