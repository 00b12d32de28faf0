// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/replug.hpp"

#include <algorithm>

#include "dom0/device_history.hpp"

namespace dom0 {

bool is_same_device(const Departed& before, const Device& now) {
  const auto* usb = now.usb();
  return before.how == Departure::left && usb != nullptr && !usb->serial.empty() &&
         !usb->descriptors_hash.empty() && before.device.port_id() == now.port_id() &&
         device_id(before.device) == device_id(now) &&
         fingerprint_of(before.device) == fingerprint_of(now);
}

Replug::Step Replug::departed(const Departed& last, Port port, Time now) {
  if (pace_.hold.count() == 0 || last.how == Departure::none) return Step::nothing;
  const Place place(last.backend, last.device.port_id());
  if (!entries_.contains(place) && entries_.size() >= max_entries) return Step::nothing;
  Entry& entry = entries_[place];
  entry.last = last;
  if (port == Port::untold) {
    entry.state = State::unconfirmed;
    entry.until = now + pace_.confirm;
    return Step::nothing;
  }
  return once_more(entry, port, now);
}

Replug::Time Replug::wait_of(const Entry& entry) const {
  return pace_.first_wait * (1U << (entry.departures - 1));
}

// Each departure costs one of the tries, whatever it was that left.
Replug::Step Replug::once_more(Entry& entry, Port port, Time now) const {
  ++entry.departures;
  if (entry.departures > pace_.max_returns) {
    entry.state = State::given_up;
    entry.until = now + pace_.steady;
    return Step::given_up;
  }
  if (port == Port::taken) {
    entry.state = State::settling;
    entry.until = now + wait_of(entry);
    return Step::settling;
  }
  entry.state = State::waiting;
  entry.until = now + pace_.hold;
  return Step::held;
}

Replug::Step Replug::gone(const Place& place, Time now) {
  const auto found = entries_.find(place);
  if (found == entries_.end()) return Step::nothing;
  Entry& entry = found->second;
  switch (entry.state) {
    case State::unconfirmed:
    case State::settling:
      return once_more(entry, Port::empty, now);
    case State::given_up:
      entry.until = now + pace_.steady;
      return Step::nothing;
    case State::waiting:
    case State::attaching:  // its attachment ends, and that is told
    case State::attached:
      return Step::nothing;
  }
  return Step::nothing;
}

bool Replug::arrived(const Place& place, Time now) {
  const auto found = entries_.find(place);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  switch (entry.state) {
    case State::unconfirmed:  // the one that left was told of as another one at once
      static_cast<void>(once_more(entry, Port::taken, now));
      return true;
    case State::waiting:
      if (entry.until <= now) {
        entries_.erase(found);
        return false;
      }
      entry.state = State::settling;
      entry.until = now + wait_of(entry);
      return true;
    case State::settling:
    case State::attaching:
    case State::attached:  // its departure is about to be told
      return true;
    case State::given_up:
      if (entry.until <= now) {
        entries_.erase(found);
        return false;
      }
      entry.until = now + pace_.steady;
      return true;
  }
  return false;
}

std::vector<Replug::Due> Replug::due(Time now) {
  std::vector<Due> found;
  for (auto each = entries_.begin(); each != entries_.end();) {
    auto& [place, entry] = *each;
    if (entry.state == State::attaching || entry.until > now) {
      ++each;
      continue;
    }
    if (entry.state == State::settling) {
      entry.state = State::attaching;
      found.push_back({place, entry, Step::judge});
      ++each;
      continue;
    }
    if (entry.state == State::waiting) found.push_back({place, entry, Step::expired});
    each = entries_.erase(each);
  }
  return found;
}

Replug::Time Replug::next() const {
  Time next = Time::max();
  for (const auto& [place, entry] : entries_) {
    if (entry.state != State::attaching) next = std::min(next, entry.until);
  }
  return next;
}

void Replug::attached(const Place& place, Time now) {
  const auto found = entries_.find(place);
  if (found == entries_.end() || found->second.state != State::attaching) return;
  found->second.state = State::attached;
  found->second.until = now + pace_.steady;
}

Replug::Step Replug::not_attached(const Place& place, Failure failure, Port port, Time now) {
  const auto found = entries_.find(place);
  if (found == entries_.end() || found->second.state != State::attaching) return Step::nothing;
  if (failure == Failure::refused) {
    entries_.erase(found);
    return Step::nothing;
  }
  return once_more(found->second, port, now);
}

std::optional<Replug::Entry> Replug::forget(const Place& place) {
  const auto found = entries_.find(place);
  if (found == entries_.end()) return std::nullopt;
  Entry entry = std::move(found->second);
  entries_.erase(found);
  return is_held(entry) ? std::optional(std::move(entry)) : std::nullopt;
}

std::vector<std::pair<Replug::Place, Replug::Entry>> Replug::forget_qube(const std::string& qube) {
  std::vector<std::pair<Place, Entry>> found;
  for (auto each = entries_.begin(); each != entries_.end();) {
    if (each->first.first != qube && each->second.last.frontend != qube) {
      ++each;
      continue;
    }
    if (is_held(each->second)) found.emplace_back(*each);
    each = entries_.erase(each);
  }
  return found;
}

bool Replug::is_held(const Entry& entry) {
  return entry.state != State::attached && entry.state != State::given_up;
}

const Replug::Entry* Replug::held(const Place& place) const {
  const auto found = entries_.find(place);
  return found == entries_.end() || !is_held(found->second) ? nullptr : &found->second;
}

}  // namespace dom0
