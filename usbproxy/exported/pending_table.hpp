// SPDX-License-Identifier: GPL-2.0-or-later
// What a usbip-host was asked for and has not answered yet.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <unordered_map>

#include "usbproxy/usbip.hpp"

namespace usbproxy::exported {

enum class Kind {
  question,  // of ours, about the device
  control,
  set_configuration,
  get_configuration,
  set_alt,
  get_alt,
  reset,
  bulk,
  interrupt_out,
  interrupt_in,  // one that polls
  iso,
};

struct Pending {
  usbip::Submit submit = {};
  Kind kind = Kind::question;
  std::uint64_t id = 0;  // the session's packet, of those that it waits for
  bool unlinked = false;
};

// By USB/IP's numbers, which are ours, and by the session's. An id that the session uses again
// while an earlier one is open, since it gave that one up, means the later.
class PendingTable {
 public:
  using Number = std::uint32_t;

  explicit PendingTable(std::pmr::memory_resource* memory)
      : pending_(memory), numbers_(memory), unlinks_(memory) {}

  // `submit.seqnum` comes from next_number().
  void add(const Pending& pending);
  // Never 0, and none that is in use.
  Number next_number();
  std::size_t size() const { return pending_.size(); }
  const Pending* find(Number number) const;
  // What has the session's id.
  const Pending* find_id(std::uint64_t id) const;
  // Takes it out; it is there.
  Pending take(Number number);

  // An unlink of `victim`, which is there and was not unlinked before.
  void add_unlink(Number number, Number victim);
  // Whom it was about; nothing: there is no such unlink.
  std::optional<Number> take_unlink(Number number);

 private:
  std::pmr::unordered_map<Number, Pending> pending_;
  std::pmr::unordered_map<std::uint64_t, Number> numbers_;
  std::pmr::unordered_map<Number, Number> unlinks_;
  Number last_number_ = 0;
};

}  // namespace usbproxy::exported
