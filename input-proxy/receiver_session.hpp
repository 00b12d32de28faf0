// SPDX-License-Identifier: GPL-2.0-or-later
// The receiver of one device's stream as a state machine: bytes and the time in, events out.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/typing/injection.hpp"
#include "input-proxy/accepted.hpp"
#include "input-proxy/gate.hpp"
#include "input-proxy/pairing.hpp"
#include "input-proxy/rate.hpp"
#include "input-proxy/stream_decoder.hpp"

namespace inputproxy {

struct ReceiverRules {
  Accepted accepted;
  KeyRules keys;
  bool watch_for_injection = true;  // keyboards only
  std::string digits;               // to be typed first; empty: no pairing. Keyboards only
  // Beyond these the stream is read more slowly; nothing is dropped. A mouse of 8 kHz makes 24,000
  // events in a second.
  double max_events_per_s = 40'000;
  double max_presses_per_s = 60;
};

// Way of an event: decoder, pairing or injection watch, gate. Times are monotonic, since the stream
// began. Steady state allocates nothing.
class ReceiverSession {
 public:
  enum class Ending {
    none,
    over,      // the stream ended, as streams do
    refused,   // the sender broke the protocol, or its device may not pass
    unwanted,  // it is a game controller, and the rule says nothing of games
    unpaired,  // the digits were not typed
    injected,  // it typed as no person does
    panic      // Ctrl-Alt-Pause: everything is to be detached
  };
  enum class Status { none, pairing, paired };

  // Events that go to the device at once: what its readers' buffers hold (evdev: 64 at least).
  // After a stall more of them wait, and who writes them all at once makes the kernel drop some.
  static constexpr std::size_t max_burst = 48;
  // Between two such bursts, so that readers get to run: 12,000 events a second while it catches
  // up.
  static constexpr std::chrono::milliseconds burst_pause{4};

  explicit ReceiverSession(ReceiverRules rules);

  // Read into space(), then tell how much.
  std::span<std::byte> space();
  void filled(std::size_t size, std::chrono::nanoseconds now);
  // The sender has closed, or reading failed.
  void closed();
  void tick(std::chrono::nanoseconds now);
  // What the made device got from its own kernel: lights go back to the sender.
  void feedback(const Event& event);

  // What other keyboards hold, before filled(); what this one holds, after it.
  void set_elsewhere(const ChordKeys& elsewhere);
  ChordKeys chord_keys_held() const;

  // Once the device may appear: what it is made of. Before that nothing goes out.
  const Capabilities* device() const { return device_ ? &*device_ : nullptr; }
  Features features() const { return features_; }
  // For the device, and for the sender; the caller empties them when they are written.
  std::vector<Event>& out() { return out_; }
  std::vector<Event>& back() { return back_; }
  // News for whoever started us, each told once.
  Status take_status();
  // Not to be read before this has passed.
  std::chrono::nanoseconds take_pause();
  // Whether tick() has something to watch.
  bool ticks() const { return pairing_.has_value() && ending_ == Ending::none; }

  Ending ending() const { return ending_; }
  const std::string& reason() const { return reason_; }

 private:
  void greet(const Offer& offer);
  void begin();
  void event(const Event& event, std::chrono::nanoseconds now);
  void pair(const Event& event, std::chrono::nanoseconds now);
  void settle(Pairing::State state);
  bool panic_keys_held() const;
  void end(Ending ending, std::string reason);

  ReceiverRules rules_;
  StreamDecoder decoder_;
  std::optional<Capabilities> greeted_;  // accepted, but not there yet
  std::optional<Capabilities> device_;
  Features features_ = 0;
  std::optional<Pairing> pairing_;
  std::chrono::nanoseconds shown_at_{0};
  std::optional<Gate> gate_;
  base::typing::InjectionDetector injection_;
  Rate events_;
  Rate presses_;
  std::chrono::nanoseconds pause_{0};
  std::vector<Event> out_;
  std::vector<Event> back_;
  Status status_ = Status::none;
  Ending ending_ = Ending::none;
  std::string reason_;
};

}  // namespace inputproxy
