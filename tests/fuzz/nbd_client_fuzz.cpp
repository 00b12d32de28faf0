// SPDX-License-Identifier: GPL-2.0-or-later
// A client against a server that lies: each byte of a read comes once and in order, and nothing is
// told of what was not asked.
#include <algorithm>
#include <cstdlib>
#include <map>

#include "block-proxy/nbd/client_session.hpp"

namespace {

using blockproxy::nbd::Answer;
using blockproxy::nbd::ClientHandshake;
using blockproxy::nbd::ClientSession;
using blockproxy::nbd::Command;
using blockproxy::nbd::Offer;
using blockproxy::nbd::WireError;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Asked {
  Command command = Command::read;
  std::uint64_t next = 0;
  std::uint64_t end = 0;
  bool status = false;
};
using Pending = std::map<std::uint64_t, Asked>;

void ask(ClientSession& session, Pending& pending, Command command, std::uint64_t offset,
         std::uint32_t length, std::uint16_t flags) {
  std::vector<std::byte> out;
  const auto cookie = session.ask(command, flags, offset, length, out);
  require(cookie.has_value() == !out.empty());
  if (cookie) pending[cookie->value] = {command, offset, offset + length, false};
}

void check(const Offer& offer, Pending& pending, const Answer& answer) {
  if (answer.kind == Answer::Kind::more) return;
  const auto found = pending.find(answer.cookie.value);
  require(found != pending.end());
  Asked& asked = found->second;
  switch (answer.kind) {
    case Answer::Kind::data:
      require(answer.data.size() == answer.length);
      [[fallthrough]];
    case Answer::Kind::hole:
      require(asked.command == Command::read && answer.length > 0);
      require(answer.offset == asked.next && answer.length <= asked.end - asked.next);
      asked.next += answer.length;
      return;
    case Answer::Kind::status: {
      require(asked.command == Command::block_status && !asked.status && !answer.extents.empty());
      std::uint64_t at = answer.offset;
      for (const auto& extent : answer.extents) at += extent.length;
      require(at <= offer.size);
      asked.status = true;
      return;
    }
    case Answer::Kind::done:
      if (answer.error == WireError::none && asked.command == Command::read) {
        require(asked.next == asked.end);
      }
      pending.erase(found);
      return;
    case Answer::Kind::more:
      return;
  }
}

void converse(const Offer& offer, base::wire::Bytes untrusted, std::size_t step) {
  ClientSession session(offer);
  Pending pending;
  ask(session, pending, Command::read, 0, 4096, 0);
  ask(session, pending, Command::read, 8192, 1024, blockproxy::nbd::command_df);
  ask(session, pending, Command::block_status, 0, 65536, 0);
  ask(session, pending, Command::block_status, 0, 65536, blockproxy::nbd::command_req_one);
  ask(session, pending, Command::write, 0, 512, 0);
  ask(session, pending, Command::flush, 0, 0, 0);
  std::size_t visible = 0;
  for (;;) {
    base::wire::Bytes now = untrusted.first(visible);
    const auto answer = session.next(now);
    if (!answer) return;
    const std::size_t taken = visible - now.size();
    untrusted = untrusted.subspan(taken);
    visible -= taken;
    check(offer, pending, *answer);
    require(session.under_way() == pending.size());
    if (answer->kind != Answer::Kind::more) continue;
    if (visible == untrusted.size()) return;
    visible = std::min(untrusted.size(), visible + step);
  }
}

}  // namespace

// First byte: what was agreed on, or 255 for the handshake; second: how many bytes come at a time.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  base::wire::Bytes untrusted = std::as_bytes(std::span(data + 2, size - 2));
  const std::size_t step = data[1] * 7U + 1;
  if (data[0] != 255) {
    Offer offer;
    offer.size = 1 << 20;
    offer.flags = 0x0dfd;
    offer.structured_replies = (data[0] & 1U) != 0;
    offer.base_allocation = (data[0] & 3U) == 3;
    offer.context_id = 1;
    converse(offer, untrusted, step);
    return 0;
  }
  ClientHandshake handshake("x");
  std::vector<std::byte> out;
  while (handshake.state() == ClientHandshake::State::negotiating) {
    const auto taken = handshake.push(untrusted, out);
    if (!taken || *taken == 0) return 0;
    require(*taken <= untrusted.size());
    untrusted = untrusted.subspan(*taken);
    require(out.size() < 65536);
  }
  const Offer& offer = handshake.offer();
  require(offer.minimum_block >= 1 && offer.minimum_block <= 65536);
  require(offer.maximum_block >= offer.minimum_block || offer.maximum_block > 0);
  converse(offer, untrusted, step);
  return 0;
}
