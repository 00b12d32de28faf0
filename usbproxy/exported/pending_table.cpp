// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/exported/pending_table.hpp"

namespace usbproxy::exported {
namespace {

// Those that the session may cancel.
bool has_id(Kind kind) {
  return kind == Kind::control || kind == Kind::bulk || kind == Kind::interrupt_out;
}

}  // namespace

void PendingTable::add(const Pending& pending) {
  const Number number = pending.submit.seqnum;
  pending_.emplace(number, pending);
  if (has_id(pending.kind)) numbers_.insert_or_assign(pending.id, number);
}

PendingTable::Number PendingTable::next_number() {
  do {
    ++last_number_;
  } while (last_number_ == 0 || pending_.contains(last_number_) || unlinks_.contains(last_number_));
  return last_number_;
}

const Pending* PendingTable::find(Number number) const {
  const auto found = pending_.find(number);
  return found == pending_.end() ? nullptr : &found->second;
}

const Pending* PendingTable::find_id(std::uint64_t id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? nullptr : find(found->second);
}

Pending PendingTable::take(Number number) {
  const auto found = pending_.find(number);
  const Pending taken = found->second;
  pending_.erase(found);
  const auto named = numbers_.find(taken.id);
  if (has_id(taken.kind) && named != numbers_.end() && named->second == number) {
    numbers_.erase(named);
  }
  return taken;
}

void PendingTable::add_unlink(Number number, Number victim) {
  unlinks_.emplace(number, victim);
  pending_.at(victim).unlinked = true;
}

std::optional<PendingTable::Number> PendingTable::take_unlink(Number number) {
  const auto found = unlinks_.find(number);
  if (found == unlinks_.end()) return std::nullopt;
  const Number victim = found->second;
  unlinks_.erase(found);
  return victim;
}

}  // namespace usbproxy::exported
