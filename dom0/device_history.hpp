// SPDX-License-Identifier: GPL-2.0-or-later
// Which devices were here before, and whether this one is what it was.
//
// A device is told again by vendor, product and serial number; one without a serial number by its
// port as well, since nobody could tell two of its kind apart. All of that is the device's claim:
// `known` therefore takes more than having been seen, it takes that somebody let a qube have it
// while its descriptors were exactly these. One whose descriptors are others than before is
// `changed`, until somebody lets it through again.
//
// Pure; dom0/io/store.hpp keeps it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dom0/device.hpp"

namespace dom0 {

struct SeenDevice {
  std::string key;          // history_key()
  std::string fingerprint;  // fingerprint_of()
  std::string device_id;
  std::string description;      // for people, safe to show
  std::int64_t first_seen = 0;  // wall clock, seconds
  std::int64_t last_seen = 0;
  std::int64_t approved = 0;  // when a qube last got it; 0: never
  friend bool operator==(const SeenDevice&, const SeenDevice&) = default;
};

// "0951:1666:60A44C", or "0951:1666::sys-usb:2-1" without a serial number.
std::string history_key(const Device& device, const std::string& backend);
// BLAKE2b-256 in hex over all that the record says of the device, its descriptors' hash included,
// and nothing of where it is plugged in.
std::string fingerprint_of(const Device& device);

enum class HistoryVerdict : std::uint8_t { fresh, known, changed };
std::string_view describe(HistoryVerdict verdict);  // "new", "known", "changed"

class DeviceHistory {
 public:
  // Beyond it those that no qube ever got are forgotten, the longest unseen first: a device that
  // makes up serial numbers pushes out its like, not what somebody approved.
  static constexpr std::size_t max_devices = 20'000;

  using Verdict = HistoryVerdict;
  struct Judgement {
    Verdict verdict = Verdict::fresh;
    // As it was the last time; for `changed` the one before the change. Empty key: never seen.
    SeenDevice before = {};
  };

  void restore(SeenDevice device);
  // What can be said of this device now.
  Judgement judge(const std::string& key, const std::string& fingerprint) const;
  // It was plugged in.
  void seen(SeenDevice device, std::int64_t now);
  // A qube got it.
  void approved(const std::string& key, const std::string& fingerprint, std::int64_t now);
  // What is to be kept and what to be forgotten since the last call.
  struct Changes {
    std::vector<SeenDevice> kept;
    std::vector<SeenDevice> forgotten;
  };
  Changes take_changes();
  // They could not be kept: they come with the next ones.
  void give_back(Changes changes);
  bool has_changes() const { return !dirty_.empty() || !forgotten_.empty(); }
  std::size_t size() const { return devices_.size(); }
  std::vector<const SeenDevice*> all() const;

 private:
  using Id = std::pair<std::string, std::string>;  // key, fingerprint

  void forget_one();

  std::map<Id, SeenDevice> devices_;
  std::multimap<std::int64_t, Id> unapproved_;  // by last_seen
  std::set<Id> dirty_;
  std::vector<SeenDevice> forgotten_;
};

}  // namespace dom0
