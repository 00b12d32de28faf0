// SPDX-License-Identifier: GPL-2.0-or-later
// What went wrong with a medium or its snapshot, on disk and in memory, bounded.
#pragma once

#include <vector>

#include "block-proxy/snapshot/geometry.hpp"
#include "block-proxy/snapshot/io/cipher.hpp"
#include "block-proxy/snapshot/io/store_file.hpp"

namespace blockproxy::snapshot {

// 8 MiB on disk. A medium with more unreadable blocks than that is not read any further.
inline constexpr std::size_t max_events = 65536;

class EventLog {
 public:
  // `cipher` outlives the log.
  EventLog(StoreFile file, Cipher& cipher) : file_(std::move(file)), cipher_(cipher) {}
  // What is on disk already; before anything else.
  base::Status load();

  // Written, but durable only after sync(). The same again is not written twice. An error when the
  // log is full.
  base::Status add(Event event);
  base::Status sync();
  const std::vector<Event>& events() const { return events_; }
  // Places in the file, those included that are no event any more.
  std::uint64_t places() const { return places_; }
  // Records that are there but were not written with this key.
  std::uint64_t damaged() const { return damaged_; }
  bool has(EventKind kind, std::uint64_t block) const;
  // Whether a sector of these bytes could not be read when its block was fetched.
  bool unreadable(const Range& range) const;

 private:
  StoreFile file_;
  Cipher& cipher_;
  std::vector<Event> events_;
  std::uint64_t places_ = 0;
  std::uint64_t damaged_ = 0;
  bool dirty_ = false;
};

}  // namespace blockproxy::snapshot
