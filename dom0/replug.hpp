// SPDX-License-Identifier: GPL-2.0-or-later
// Attachments whose device left the bus: how long its port is held for the qube that had it, and
// how often what comes back to the port is looked at.
//
// Pure: it decides when, never whether. Whether what is in the port now may be attached is asked
// anew each time, of policy and, for anything but the very same device, of a person
// (dom0/io/replug_desk.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/device/properties.hpp"
#include "dom0/device.hpp"
#include "dom0/who.hpp"

namespace dom0 {

// How an attachment ended, as far as it may be continued.
enum class Departure : std::uint8_t {
  none,    // by somebody's will, by a failure, with one of the two qubes: it is over
  left,    // the device is not on the bus any more, and frontend and sys-usb agree on that
  changed  // the device came back from a reset with other descriptors
};

struct ReplugPace {
  std::chrono::milliseconds hold{10'000};       // for what left; 0: nothing is ever held
  std::chrono::milliseconds first_wait{1'000};  // what is back stays that long first; then doubled
  std::chrono::milliseconds steady{60'000};     // after which earlier departures count no more
  // sys-usb's word that the device left may come after the end of its stream.
  std::chrono::milliseconds confirm{2'000};
  unsigned max_returns = 3;
};

// One that ended: what the next one is compared with, and who said yes to it.
struct Departed {
  std::string frontend;
  std::string backend;
  Device device;
  base::device::Properties options = {};
  std::string approver = {};
  Who who = {};
  Departure how = Departure::left;
  std::int64_t ended = 0;  // wall clock, seconds; for people

  friend bool operator==(const Departed&, const Departed&) = default;
};

// Whether this is, by all that sys-usb says, the device that left. Without a serial number or the
// descriptors' hash nobody can say so.
bool is_same_device(const Departed& before, const Device& now);

class Replug {
 public:
  // Since boot, time asleep included: no port is held over a suspend.
  using Time = std::chrono::nanoseconds;
  using Place = std::pair<std::string, std::string>;  // backend, port id

  enum class State : std::uint8_t {
    unconfirmed,  // the stream ended; sys-usb has not said that the device left
    waiting,      // nothing is in the port
    settling,     // something is, and has to stay there for a while
    attaching,    // it is being judged and attached
    attached,     // it is attached again; kept to count further departures
    given_up      // it left too often: nobody attaches it unasked until it has kept still
  };
  struct Entry {
    Departed last;
    State state = State::waiting;
    unsigned departures = 0;  // since it was last steady, failed attempts included
    Time until{0};            // when the state ends by itself; not of `attaching`
  };
  // What a call led to, for the records.
  enum class Step : std::uint8_t { nothing, held, settling, judge, expired, given_up };
  struct Due {
    Place place;
    Entry entry;  // as it is now, or was
    Step step = Step::nothing;
  };

  static constexpr std::size_t max_entries = 128;  // as many as leases

  explicit Replug(ReplugPace pace) : pace_(pace) {}
  const ReplugPace& pace() const { return pace_; }

  // What sys-usb says of the port: `untold` that anything left it, `taken` that something is there
  // after the departure.
  enum class Port : std::uint8_t { untold, empty, taken };
  // An attachment has ended with a departure. Nothing is held if there is no place left.
  Step departed(const Departed& last, Port port, Time now);
  // sys-usb says that nothing is in this port any more, or something else.
  Step gone(const Place& place, Time now);
  // Something was plugged in there. True: it is this class's, and nobody else is to attach it.
  bool arrived(const Place& place, Time now);
  // Everything whose time has come; `judge` has become `attaching`.
  std::vector<Due> due(Time now);
  Time next() const;  // Time::max(): nothing will be due

  // How `judge` ended: attached, or given to whoever attaches by assignment; or not.
  void attached(const Place& place, Time now);
  enum class Failure : std::uint8_t { refused, failed };
  Step not_attached(const Place& place, Failure failure, Port port, Time now);

  // Somebody decided otherwise. What comes back is what was held until now, if anything was.
  std::optional<Entry> forget(const Place& place);
  // The qube, in either role, is gone.
  std::vector<std::pair<Place, Entry>> forget_qube(const std::string& qube);
  const std::map<Place, Entry>& all() const { return entries_; }
  // Of a state in which an attachment is held: unless nothing, `attached` and `given_up`.
  const Entry* held(const Place& place) const;
  static bool is_held(const Entry& entry);
  // Held, and sys-usb has said that the device left: a backend that died is no unplugged device.
  static bool is_waiting(const Entry& entry) {
    return is_held(entry) && entry.state != State::unconfirmed;
  }

 private:
  Step once_more(Entry& entry, Port port, Time now) const;
  Time wait_of(const Entry& entry) const;

  ReplugPace pace_;
  std::map<Place, Entry> entries_;
};

}  // namespace dom0
