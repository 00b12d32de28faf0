// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon's events, admin.Events: bytes in, events out.
//
// Each event is "1" NUL subject NUL name NUL, pairs of key NUL value NUL, and an empty key (a lone
// NUL). The subject is a qube, or empty for the system itself. A daemon that refuses answers once
// "2" NUL type NUL traceback NUL text NUL instead. There is no way back from bytes that are
// neither.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/device/properties.hpp"
#include "cli/admin_call.hpp"

namespace cli {

inline constexpr std::size_t max_event_field = 8192;
inline constexpr std::size_t max_event_facts = 64;

struct AdminEvent {
  std::string subject;
  std::string name;  // "device-attach:usb"
  base::device::Properties facts;

  // Empty if there is none.
  std::string_view fact(std::string_view key) const;
  friend bool operator==(const AdminEvent&, const AdminEvent&) = default;
};

class EventStream {
 public:
  // False: the stream cannot be read on; failure() says why.
  bool push(std::string_view untrusted);
  // In the order received. Taken after each push, they do not pile up.
  std::optional<AdminEvent> pop();

  const std::optional<AdminFailure>& failure() const { return failure_; }
  // What it means that the daemon ended the stream here; nothing, between two events.
  std::optional<AdminFailure> ended() const;

 private:
  bool take_field();
  bool take_event_field();
  bool take_refusal_field();
  bool fail(std::string text);

  std::deque<AdminEvent> events_;
  std::vector<std::string> fields_;  // of the event that is not whole yet
  std::string field_;                // what there is of the next one
  bool any_event_ = false;
  std::optional<AdminFailure> failure_;
};

}  // namespace cli
