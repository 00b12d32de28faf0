// SPDX-License-Identifier: GPL-2.0-or-later
// Who has which device. One physical device has at most one lease.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/control.hpp"
#include "base/device/properties.hpp"
#include "base/wire/result.hpp"
#include "base/wire/strong.hpp"
#include "dom0/device.hpp"
#include "dom0/who.hpp"

namespace dom0 {

using agent::CallId;
using LeaseId = base::Strong<struct LeaseIdTag, std::uint32_t>;

enum class LeaseState : std::uint8_t { asking = 1, attaching = 2, attached = 3, detaching = 4 };
const char* describe(LeaseState state);

struct Lease {
  LeaseId id;
  LeaseState state = LeaseState::asking;
  std::string frontend;
  std::string backend;
  Device device;                          // as it was when the lease was approved
  CallId attach_call;                     // dom0 -> frontend, qubes.USBAttach
  CallId stream_call;                     // frontend -> backend, qubes.USB; also the relay's id
  base::device::Properties options = {};  // of the attachment, as asked for and checked
  std::int64_t since = 0;                 // wall clock, seconds; for people
  std::string rule = {};                  // FILE:LINE that allowed it, at most 255 bytes
  std::string approver = {};              // policy, prompt, assignment, ...
  Who who = {};

  friend bool operator==(const Lease&, const Lease&) = default;
};

// "sys-usb:2-1"
std::string device_name(const Lease& lease);

// What the relay keeps for a restarted daemon; at most 4 KiB.
std::vector<std::byte> encode_lease(const Lease& lease);
std::optional<Lease> parse_lease(base::wire::Bytes record);

struct EndedLease {
  std::string device;
  std::string frontend;
  std::string reason;
  std::int64_t when = 0;
};

// Of a device that is a snapshot several qubes may read at once, and one may write to its overlay;
// no other device is in two places.
enum class Sharing { none, of_snapshots };

class LeaseTable {
 public:
  static constexpr std::size_t max_leases = 128;
  static constexpr std::size_t max_ended = 64;

  // Refuses a second lease of a device ("Device sys-usb:2-1 already attached to vault"), and one
  // of what shares hardware with a device that has one.
  base::Result<LeaseId> add(Lease lease, Sharing sharing = Sharing::none);
  Lease* find(LeaseId id);
  Lease* find_device(const std::string& backend, const std::string& port_id);
  const Lease* find_device(const std::string& backend, const std::string& port_id) const;
  // The one of this qube.
  const Lease* find_held(const std::string& frontend, const std::string& backend,
                         const std::string& port_id) const;
  // All of a device: more than one only where it is shared.
  std::vector<LeaseId> all_of(const std::string& backend, const std::string& port_id) const;
  Lease* find_stream(CallId stream_call);
  // The lease that waits for exactly this call, not yet made: an approval is used once.
  Lease* find_expected(const std::string& frontend, const std::string& backend,
                       const std::string& port_id);
  void end(LeaseId id, std::string reason, std::int64_t now);
  const std::map<LeaseId, Lease>& all() const { return leases_; }
  const std::deque<EndedLease>& ended() const { return ended_; }  // oldest first
  // The last reason why this device was taken from a qube, if any.
  const EndedLease* last_end(const std::string& device) const;

 private:
  // Of the same device, its disk, its partitions, or the USB device that it hangs on.
  const Lease* find_conflict(const Lease& lease, Sharing sharing) const;

  std::map<LeaseId, Lease> leases_;
  std::deque<EndedLease> ended_;
  std::uint32_t next_id_ = 1;
};

}  // namespace dom0
