// SPDX-License-Identifier: GPL-2.0-or-later
// The receiver's gate: each event of the stream is passed, mended or dropped.
#pragma once

#include <cstddef>
#include <vector>

#include "base/wire/result.hpp"
#include "input-proxy/capabilities.hpp"
#include "input-proxy/event.hpp"
#include "input-proxy/key_rules.hpp"

namespace inputproxy {

enum class GateError {
  unknown_sync,   // an EV_SYN that no kernel knows
  endless_frame,  // max_frame events without an end
};
const char* describe(GateError error);

// Holds what is pressed and which lights are on. What goes out are whole frames that the declared
// device could have made: only declared types and codes; keys 0, 1, 2, and no release or repeat of
// a key that did not go down; axes within their range; every frame ended by SYN_REPORT.
class Gate {
 public:
  static constexpr std::size_t max_frame = 256;
  static constexpr std::int32_t max_relative = 65535;  // hid has 16 bits; the rest is a lie

  Gate(const Capabilities& device, const KeyRules& rules);

  // Appends to `out` when a frame is whole. Nothing of a frame goes out before its end.
  base::Result<base::Ok, GateError> push(const Event& untrusted, std::vector<Event>& out);
  // What the device's own kernel said about a light. False: the other side knows it already.
  bool light_changed(const Event& feedback);
  // Every pressed key up, as one frame; for when the stream has ended, for whatever reason.
  void release_all(std::vector<Event>& out);
  const Keys& held() const { return held_; }
  // What other keyboards hold, from now on.
  void set_elsewhere(const ChordKeys& elsewhere) { elsewhere_ = elsewhere; }

 private:
  bool declared(const Event& event) const;
  bool key(const Event& event);
  bool light(const Event& event);
  void axis(Event& event) const;
  void add(const Event& event) { frame_.push_back(event); }
  void send(std::vector<Event>& out);

  Capabilities device_;
  KeyRules rules_;
  Keys held_;  // as the sender says
  Keys out_;   // as what went out says: the end of a frame behind
  ChordKeys elsewhere_;
  std::bitset<64> lights_;
  std::vector<Event> frame_;
  std::size_t since_report_ = 0;  // dropped ones too: a flood is a flood
};

}  // namespace inputproxy
