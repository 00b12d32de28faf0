// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel that sends anything, and aborts when what it is answered is not what vhci_hcd relies on.
#pragma once

#include <cstdlib>
#include <map>
#include <vector>

#include "usbproxy/usbip.hpp"

namespace fuzz {

class Kernel {
 public:
  void sent(base::wire::Bytes bytes) {
    if (!parser_.push(bytes)) std::abort();
    for (;;) {
      const auto command = parser_.next();
      if (!command || *command == nullptr) return;
      const usbproxy::usbip::Command& one = **command;
      if (one.kind == usbproxy::usbip::CommandKind::unlink) {
        repeated_ = repeated_ || unlinks_.contains(one.seqnum);
        unlinks_.emplace(one.seqnum, one.victim);
      } else {
        pending_.emplace(one.seqnum, Pending{one.submit, {one.iso.begin(), one.iso.end()}});
      }
    }
  }
  // vhci_hcd's own checks, and ours.
  void received(base::wire::Bytes bytes) {
    base::wire::BigReader in(bytes);
    while (!in.rest().empty()) {
      const std::uint32_t command = in.u32();
      const std::uint32_t seqnum = in.u32();
      in.take(12);
      const std::uint32_t status = in.u32();
      const std::uint32_t actual = in.u32();
      in.u32();
      const std::uint32_t iso = in.u32();
      in.take(12);
      if (command == 4) {
        const auto unlink = unlinks_.find(seqnum);
        if (unlink == unlinks_.end()) std::abort();
        if (status != 0) pending_.erase(unlink->second);
        unlinks_.erase(unlink);
        continue;
      }
      const auto urb = pending_.find(seqnum);
      if (command != 3 || urb == pending_.end()) std::abort();
      const usbproxy::usbip::Submit& asked = urb->second.submit;
      if (actual > asked.length || iso != asked.iso_packets) std::abort();
      if (asked.direction == usbproxy::usbip::Direction::in) in.take(actual);
      check_packets(in.take(std::size_t{iso} * usbproxy::usbip::iso_descriptor_size),
                    urb->second.iso, iso == 0 ? 0 : actual);
      pending_.erase(urb);
      if (!in.ok()) std::abort();
    }
  }
  // vhci copies to where these say: it must be where it asked itself.
  static void check_packets(base::wire::Bytes told, base::wire::Bytes asked, std::uint32_t actual) {
    base::wire::BigReader in(told);
    base::wire::BigReader wanted(asked);
    std::uint64_t sum = 0;
    while (!in.rest().empty()) {
      const std::uint32_t offset = in.u32();
      const std::uint32_t length = in.u32();
      const std::uint32_t came = in.u32();
      in.take(4);
      if (offset != wanted.u32() || length != wanted.u32() || came > length) std::abort();
      wanted.take(8);
      sum += came;
    }
    if (!wanted.ok() || sum != actual) std::abort();
  }
  // An unlink's number used twice cannot be matched; the real kernel counts up.
  bool idle() const { return repeated_ || (pending_.empty() && unlinks_.empty()); }

 private:
  struct Pending {
    usbproxy::usbip::Submit submit;
    std::vector<std::byte> iso;
  };
  usbproxy::usbip::Parser parser_;
  bool repeated_ = false;
  std::multimap<std::uint32_t, Pending> pending_;
  std::multimap<std::uint32_t, std::uint32_t> unlinks_;
};

}  // namespace fuzz
