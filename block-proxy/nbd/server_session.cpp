// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/server_session.hpp"

#include <algorithm>

namespace blockproxy::nbd {
namespace {

using base::wire::Bytes;

// The flags that a command may have; FUA is allowed with all of them by the protocol.
std::uint16_t legal_flags(Command command) {
  switch (command) {
    case Command::read:
      return command_fua | command_df;
    case Command::write_zeroes:
      return command_fua | command_no_hole | command_fast_zero;
    case Command::block_status:
      return command_fua | command_req_one;
    case Command::write:
    case Command::disconnect:
    case Command::flush:
    case Command::trim:
    case Command::cache:
      return command_fua;
  }
  return 0;
}

bool changes_medium(Command command) {
  return command == Command::write || command == Command::trim || command == Command::write_zeroes;
}

}  // namespace

Incoming ServerSession::next(Bytes& untrusted) {
  return payload_left_ > 0 ? take_payload(untrusted) : take_header(untrusted);
}

WireError ServerSession::judge(const Request& request, bool known) const {
  if (!known) return WireError::invalid;
  if (changes_medium(request.command) && export_.access == Access::read_only) {
    return WireError::not_permitted;
  }
  if ((request.flags & ~static_cast<unsigned>(legal_flags(request.command))) != 0) {
    return WireError::invalid;
  }
  if (request.has(command_df) && !agreed_.structured_replies) return WireError::invalid;
  if (request.command == Command::flush) {
    return request.offset == 0 && request.length == 0 ? WireError::none : WireError::invalid;
  }
  if (request.command == Command::block_status && !agreed_.base_allocation) {
    return WireError::invalid;
  }
  if (request.length == 0) return WireError::invalid;
  // Compared by subtraction: offset plus length may be more than 64 bits hold.
  if (request.offset > export_.size || request.length > export_.size - request.offset) {
    return request.command == Command::write || request.command == Command::write_zeroes
               ? WireError::no_space
               : WireError::invalid;
  }
  if (request.command == Command::read && request.length > max_payload) return WireError::overflow;
  const std::uint32_t block = agreed_.aligned ? export_.minimum_block() : 1;
  if (request.offset % block != 0 || request.length % block != 0) return WireError::invalid;
  return WireError::none;
}

Incoming ServerSession::take_header(Bytes& untrusted) {
  if (untrusted.size() < request_size) return {};
  base::wire::BigReader in(untrusted);
  const std::uint32_t magic = in.u32();
  Request request;
  request.flags = in.u16();
  const std::uint16_t command = in.u16();
  request.cookie = Cookie{in.u64()};
  request.offset = in.u64();
  request.length = in.u32();
  if (magic != request_magic) return {.kind = Incoming::Kind::broken};
  untrusted = in.rest();

  const bool known = command <= static_cast<std::uint16_t>(Command::block_status);
  if (known) request.command = Command{command};
  if (known && request.command == Command::disconnect) return {.kind = Incoming::Kind::disconnect};
  const WireError error = judge(request, known);
  if (known && request.command == Command::write && request.length > 0) {
    // Passing over gigabytes only to say no would be the client's way to keep us busy.
    if (request.length > max_payload) return {.kind = Incoming::Kind::broken};
    write_ = request;
    write_error_ = error;
    payload_left_ = request.length;
    return take_payload(untrusted);
  }
  const bool refused = error != WireError::none;
  return {.kind = refused ? Incoming::Kind::refused : Incoming::Kind::request,
          .request = request,
          .error = error};
}

Incoming ServerSession::take_payload(Bytes& untrusted) {
  std::size_t size = std::min<std::size_t>(payload_left_, untrusted.size());
  if (write_error_ == WireError::none && size < payload_left_) size -= size % write_piece;
  if (size == 0) return {};
  const Bytes data = untrusted.first(size);
  untrusted = untrusted.subspan(size);
  const std::uint64_t at = write_.offset + (write_.length - payload_left_);
  payload_left_ -= static_cast<std::uint32_t>(size);
  const bool last = payload_left_ == 0;
  if (write_error_ == WireError::none) {
    return {.kind = Incoming::Kind::write_data,
            .request = write_,
            .data = data,
            .data_offset = at,
            .last = last};
  }
  if (!last) return {};
  return {.kind = Incoming::Kind::refused, .request = write_, .error = write_error_};
}

}  // namespace blockproxy::nbd
