// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/client_session.hpp"

#include <algorithm>

namespace blockproxy::nbd {
namespace {

using base::wire::BigReader;
using base::wire::Bytes;

base::Unexpected<base::Error> broken(const char* how) {
  return base::fail(std::string("NBD reply: ") + how);
}

template <std::size_t size>
void append(std::vector<std::byte>& out, const std::array<std::byte, size>& bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

std::array<std::byte, request_size> encode_request(Command command, std::uint16_t flags,
                                                   Cookie cookie, std::uint64_t offset,
                                                   std::uint32_t length) {
  return Encoder<request_size>{}
      .put(request_magic)
      .put(flags)
      .put(static_cast<std::uint16_t>(command))
      .put(cookie.value)
      .put(offset)
      .put(length)
      .bytes();
}

// What an export must be able to do for a command; 0: nothing in particular.
std::uint16_t needed_flag(Command command) {
  switch (command) {
    case Command::flush:
      return transmission::send_flush;
    case Command::trim:
      return transmission::send_trim;
    case Command::cache:
      return transmission::send_cache;
    case Command::write_zeroes:
      return transmission::send_write_zeroes;
    case Command::read:
    case Command::write:
    case Command::disconnect:
    case Command::block_status:
      return 0;
  }
  return 0;
}

}  // namespace

ClientSession::ClientSession(const Offer& offer) : offer_(offer) {
  for (unsigned slot = max_requests; slot > 0; --slot) free_.push_back(slot - 1);
}

base::Status ClientSession::allowed(Command command, std::uint16_t flags, std::uint64_t offset,
                                    std::uint32_t length) const {
  const auto can = [this](unsigned flag) { return (offer_.flags & flag) == flag; };
  const auto asks = [flags](unsigned flag) { return (flags & flag) != 0; };
  const bool changes =
      command == Command::write || command == Command::trim || command == Command::write_zeroes;
  if (command == Command::disconnect || !can(needed_flag(command)) ||
      (changes && can(transmission::read_only)) ||
      (asks(command_df) && !(can(transmission::send_df) && offer_.structured_replies)) ||
      (asks(command_fua) && !can(transmission::send_fua)) ||
      (asks(command_fast_zero) && !can(transmission::send_fast_zero)) ||
      (command == Command::block_status && !offer_.base_allocation)) {
    return base::fail("NBD request: the export cannot do this");
  }
  if (command == Command::flush) {
    if (offset == 0 && length == 0) return base::Ok{};
    return base::fail("NBD request: a flush has no range");
  }
  const bool long_one =
      (command == Command::read || command == Command::write) && length > offer_.maximum_block;
  if (length == 0 || long_one || offset > offer_.size || length > offer_.size - offset ||
      offset % offer_.minimum_block != 0 || length % offer_.minimum_block != 0) {
    return base::fail("NBD request: the range is not one of the export");
  }
  return base::Ok{};
}

base::Result<Cookie> ClientSession::ask(Command command, std::uint16_t flags, std::uint64_t offset,
                                        std::uint32_t length, std::vector<std::byte>& out) {
  if (full()) return base::fail("NBD request: too many are under way");
  if (auto may = allowed(command, flags, offset, length); !may) {
    return base::Unexpected{may.error()};
  }
  const unsigned slot = free_.back();
  free_.pop_back();
  ++under_way_;
  Pending& pending = pending_[slot];
  pending = {};
  pending.used = true;
  pending.command = command;
  pending.flags = flags;
  pending.generation = ++generation_;
  pending.offset = offset;
  pending.length = length;
  const Cookie cookie = cookie_of(slot);
  append(out, encode_request(command, flags, cookie, offset, length));
  return cookie;
}

void ClientSession::leave(std::vector<std::byte>& out) {
  append(out, encode_request(Command::disconnect, 0, Cookie{}, 0, 0));
}

// Never the same twice in a session: a late reply finds nobody.
Cookie ClientSession::cookie_of(unsigned slot) const {
  return Cookie{pending_[slot].generation * max_requests + slot};
}

base::Result<unsigned> ClientSession::find(Cookie cookie) const {
  const auto slot = static_cast<unsigned>(cookie.value % max_requests);
  if (!pending_[slot].used || cookie_of(slot) != cookie) {
    return broken("to a request that is not under way");
  }
  return slot;
}

ClientSession::Expected ClientSession::expected() const {
  if (data_left_ == 0) return {};
  const Pending& pending = pending_[slot_];
  return {.cookie = cookie_of(slot_), .offset = pending.offset + pending.got, .length = data_left_};
}

base::Result<Answer> ClientSession::next(Bytes& untrusted) {
  for (;;) {
    again_ = false;
    auto answer = step(untrusted);
    if (!again_) return answer;
  }
}

base::Result<Answer> ClientSession::step(Bytes& untrusted) {
  if (data_left_ > 0) return take_data(untrusted);
  if (ends_) return finish(slot_);
  if (untrusted.size() < simple_reply_size) return Answer{};
  const std::uint32_t magic = BigReader(untrusted).u32();
  if (magic == simple_reply_magic) return take_simple(untrusted);
  if (magic == structured_reply_magic && offer_.structured_replies) return take_chunk(untrusted);
  return broken("no reply where one must be");
}

base::Result<Answer> ClientSession::finish(unsigned slot) {
  ends_ = false;
  Pending& pending = pending_[slot];
  const bool well = pending.error == WireError::none;
  if (well && pending.command == Command::read && pending.got != pending.length) {
    return broken("to a read, with bytes left out");
  }
  if (well && pending.command == Command::block_status && !pending.status_seen) {
    return broken("to a question for extents, without any");
  }
  Answer answer;
  answer.kind = Answer::Kind::done;
  answer.cookie = cookie_of(slot);
  answer.error = pending.error;
  pending.used = false;
  free_.push_back(slot);
  --under_way_;
  return answer;
}

base::Result<Answer> ClientSession::take_simple(Bytes& untrusted) {
  BigReader in(untrusted);
  in.u32();
  const WireError error{in.u32()};
  const auto slot = find(Cookie{in.u64()});
  if (!slot) return base::Unexpected{slot.error()};
  Pending& pending = pending_[*slot];
  if (offer_.structured_replies &&
      (pending.command == Command::read || pending.command == Command::block_status)) {
    return broken("a simple one, where chunks were agreed on");
  }
  untrusted = in.rest();
  pending.error = error;
  slot_ = *slot;
  ends_ = true;
  if (pending.command == Command::read && error == WireError::none) {
    data_left_ = pending.length;
    return take_data(untrusted);
  }
  return finish(*slot);
}

base::Result<Answer> ClientSession::take_data(Bytes& untrusted) {
  Pending& pending = pending_[slot_];
  Answer answer;
  if (untrusted.empty()) return answer;
  const std::size_t size = std::min<std::size_t>(untrusted.size(), data_left_);
  answer.kind = Answer::Kind::data;
  answer.cookie = cookie_of(slot_);
  answer.offset = pending.offset + pending.got;
  answer.length = static_cast<std::uint32_t>(size);
  answer.data = untrusted.first(size);
  untrusted = untrusted.subspan(size);
  data_left_ -= answer.length;
  pending.got += answer.length;
  return answer;
}

base::Result<Answer> ClientSession::take_chunk(Bytes& untrusted) {
  if (untrusted.size() < chunk_header_size) return Answer{};
  BigReader in(untrusted);
  in.u32();
  const unsigned flags = in.u16();
  const ReplyType type{in.u16()};
  const auto slot = find(Cookie{in.u64()});
  const std::uint32_t size = in.u32();
  if (!slot) return base::Unexpected{slot.error()};
  if ((flags & ~unsigned{chunk_done}) != 0) return broken("with flags that nobody knows");
  Pending& pending = pending_[*slot];
  const bool last = (flags & chunk_done) != 0;

  if (type == ReplyType::offset_data) {
    if (pending.command != Command::read || size <= 8) return broken("data that was not asked for");
    if (in.rest().size() < 8) return Answer{};
    const std::uint64_t offset = in.u64();
    if (offset != pending.offset + pending.got || size - 8 > pending.length - pending.got ||
        ((pending.flags & command_df) != 0 && size - 8 != pending.length)) {
      return broken("data beside what was asked for");
    }
    untrusted = in.rest();
    data_left_ = size - 8;
    slot_ = *slot;
    ends_ = last;
    return take_data(untrusted);
  }
  if (size > std::max<std::uint32_t>(max_error, 4 + 8 * max_extents)) return broken("too long");
  if (in.rest().size() < size) return Answer{};
  const Bytes payload = in.take(size);
  slot_ = *slot;
  ends_ = last;
  base::Result<Answer> answer = Answer{};
  if (type == ReplyType::offset_hole) {
    answer = take_hole(*slot, payload);
  } else if (type == ReplyType::block_status) {
    answer = take_status(*slot, payload);
  } else if ((static_cast<unsigned>(type) & error_chunk_bit) != 0) {
    if (auto taken = take_error(*slot, type, payload); !taken) {
      return base::Unexpected{taken.error()};
    }
    untrusted = in.rest();
    again_ = true;  // nothing to tell yet; the stream is shorter by a chunk
  } else if (type == ReplyType::none && size == 0 && last) {
    untrusted = in.rest();
    return finish(*slot);
  } else {
    return broken("of a kind that nobody knows");
  }
  if (answer) untrusted = in.rest();
  return answer;
}

base::Result<Answer> ClientSession::take_hole(unsigned slot, Bytes payload) {
  Pending& pending = pending_[slot];
  BigReader in(payload);
  Answer answer;
  answer.kind = Answer::Kind::hole;
  answer.cookie = cookie_of(slot);
  answer.offset = in.u64();
  answer.length = in.u32();
  if (!in.done() || pending.command != Command::read || answer.length == 0 ||
      answer.offset != pending.offset + pending.got ||
      answer.length > pending.length - pending.got ||
      ((pending.flags & command_df) != 0 && answer.length != pending.length)) {
    return broken("a hole beside what was asked for");
  }
  pending.got += answer.length;
  return answer;
}

base::Result<Answer> ClientSession::take_status(unsigned slot, Bytes payload) {
  Pending& pending = pending_[slot];
  BigReader in(payload);
  const std::uint32_t context = in.u32();
  if (pending.command != Command::block_status || pending.status_seen ||
      context != offer_.context_id || in.rest().empty() || in.rest().size() % 8 != 0) {
    return broken("extents that were not asked for");
  }
  extents_.clear();
  std::uint64_t at = pending.offset;
  while (!in.rest().empty()) {
    Extent extent;
    extent.length = in.u32();
    extent.state = in.u32();
    // Only the last may reach beyond what was asked for, and none beyond the export.
    if (extent.length == 0 || at >= pending.offset + pending.length ||
        extent.length > offer_.size - at) {
      return broken("extents that cannot be");
    }
    at += extent.length;
    extents_.push_back(extent);
  }
  if ((pending.flags & command_req_one) != 0 &&
      (extents_.size() > 1 || at > pending.offset + pending.length)) {
    return broken("more than the one extent");
  }
  pending.status_seen = true;
  Answer answer;
  answer.kind = Answer::Kind::status;
  answer.cookie = cookie_of(slot);
  answer.offset = pending.offset;
  answer.extents = extents_;
  return answer;
}

base::Status ClientSession::take_error(unsigned slot, ReplyType type, Bytes payload) {
  Pending& pending = pending_[slot];
  BigReader in(payload);
  const WireError error{in.u32()};
  const std::uint16_t message = in.u16();
  in.take(message);
  if (type == ReplyType::error_offset) {
    const std::uint64_t offset = in.u64();
    if (offset < pending.offset || offset - pending.offset > pending.length) {
      return broken("an error elsewhere");
    }
  }
  const bool known = type == ReplyType::error || type == ReplyType::error_offset;
  if (!in.ok() || (known && !in.done()) || error == WireError::none) {
    return broken("an error that says nothing");
  }
  pending.error = error;
  return base::Ok{};
}

}  // namespace blockproxy::nbd
