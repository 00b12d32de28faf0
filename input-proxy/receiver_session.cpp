// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/receiver_session.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <utility>

namespace inputproxy {
namespace {

// Keys as they are on a keyboard; buttons of mice, pens and games lie between.
bool is_typing(const Event& event) {
  return event.type == EV_KEY && (event.code < BTN_MISC || event.code >= KEY_OK) &&
         !is_game_button(event.code);
}

}  // namespace

ReceiverSession::ReceiverSession(ReceiverRules rules)
    : rules_(std::move(rules)),
      events_(rules_.max_events_per_s, max_burst),
      presses_(rules_.max_presses_per_s, rules_.max_presses_per_s) {
  out_.reserve(2 * Gate::max_frame);
  back_.reserve(16);
}

std::span<std::byte> ReceiverSession::space() {
  const auto space = decoder_.space();
  return decoder_.greeted() ? space.first(std::min(space.size(), max_burst * event_size)) : space;
}

void ReceiverSession::filled(std::size_t size, std::chrono::nanoseconds now) {
  decoder_.filled(size);
  if (gate_ && size >= max_burst * event_size) pause_ = burst_pause;
  while (ending_ == Ending::none) {
    auto message = decoder_.next();
    if (!message && message.error() == StreamError::no_capabilities) return end(Ending::over, {});
    if (!message) return end(Ending::refused, describe(message.error()));
    if (!message->has_value()) return;
    if (const auto* offer = std::get_if<Offer>(&**message)) {
      greet(*offer);
      if (pairing_) shown_at_ = now;
    } else {
      event(std::get<Event>(**message), now);
    }
  }
}

void ReceiverSession::greet(const Offer& offer) {
  const bool games = rules_.accepted.games || !rules_.accepted.keyboard;
  if (!games && is_game_controller(offer.capabilities)) {
    return end(Ending::unwanted, "it is a game controller: the rule must say games=yes");
  }
  features_ = offer.features.value_or(0);
  auto accepted = accept(offer.capabilities, rules_.accepted, features_);
  if (!accepted) return end(Ending::refused, accepted.error().text);
  if (offer.features) {
    back_.push_back({.type = answer_type,
                     .code = answer_features,
                     .value = static_cast<std::int32_t>(features_)});
  }
  greeted_ = *std::move(accepted);
  if (rules_.digits.empty() || !rules_.accepted.keyboard) return begin();
  if (!can_type_digits(*greeted_)) {
    return end(Ending::unpaired, "it has no digits to prove with that a person sits at it");
  }
  pairing_.emplace(rules_.digits);
  status_ = Status::pairing;
}

void ReceiverSession::begin() {
  device_ = std::move(greeted_);
  greeted_.reset();
  gate_.emplace(*device_, rules_.keys);
}

void ReceiverSession::event(const Event& event, std::chrono::nanoseconds now) {
  pause_ = std::max(pause_, events_.take(now));
  if (is_typing(event) && event.value == 1) pause_ = std::max(pause_, presses_.take(now));
  if (pairing_) return pair(event, now);
  if (rules_.watch_for_injection && rules_.accepted.keyboard && is_typing(event)) {
    if (const auto finding = injection_.key(event.code, event.value, now)) {
      return end(Ending::injected, finding->reason);
    }
  }
  if (event.type == EV_KEY && event.code == KEY_PAUSE && event.value == 1 && panic_keys_held()) {
    return end(Ending::panic, "the panic keys were pressed: Ctrl-Alt-Pause");
  }
  if (const auto passed = gate_->push(event, out_); !passed) {
    end(Ending::refused, describe(passed.error()));
  }
}

bool ReceiverSession::panic_keys_held() const {
  const Keys& held = gate_->held();
  return (held[KEY_LEFTCTRL] || held[KEY_RIGHTCTRL]) && (held[KEY_LEFTALT] || held[KEY_RIGHTALT]);
}

void ReceiverSession::pair(const Event& event, std::chrono::nanoseconds now) {
  if (is_typing(event)) settle(pairing_->key(event.code, event.value, now - shown_at_));
}

void ReceiverSession::settle(Pairing::State state) {
  switch (state) {
    case Pairing::State::waiting:
      return;
    case Pairing::State::failed:
      return end(Ending::unpaired, pairing_->reason());
    case Pairing::State::passed:
      pairing_.reset();
      status_ = Status::paired;
      return begin();
  }
}

void ReceiverSession::tick(std::chrono::nanoseconds now) {
  if (pairing_ && ending_ == Ending::none) settle(pairing_->tick(now - shown_at_));
}

void ReceiverSession::set_elsewhere(const ChordKeys& elsewhere) {
  if (gate_) gate_->set_elsewhere(elsewhere);
}

ChordKeys ReceiverSession::chord_keys_held() const {
  return gate_ && ending_ == Ending::none ? chord_keys(gate_->held()) : ChordKeys{};
}

void ReceiverSession::closed() {
  if (ending_ != Ending::none) return;
  if (pairing_) return end(Ending::unpaired, "the device went away before the digits were typed");
  end(Ending::over, {});
}

void ReceiverSession::feedback(const Event& event) {
  if (gate_ && ending_ == Ending::none && gate_->light_changed(event)) back_.push_back(event);
}

ReceiverSession::Status ReceiverSession::take_status() {
  return std::exchange(status_, Status::none);
}

std::chrono::nanoseconds ReceiverSession::take_pause() {
  return std::exchange(pause_, std::chrono::nanoseconds(0));
}

void ReceiverSession::end(Ending ending, std::string reason) {
  ending_ = ending;
  reason_ = std::move(reason);
  if (gate_) gate_->release_all(out_);
}

}  // namespace inputproxy
