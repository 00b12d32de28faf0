// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/client_handshake.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/wire/escape.hpp"
#include "base/wire/writer.hpp"

namespace blockproxy::nbd {
namespace {

using base::wire::BigReader;
using base::wire::BigWriter;

constexpr std::string_view allocation_context = "base:allocation";

bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

}  // namespace

base::Result<std::size_t> ClientHandshake::push(Bytes untrusted, Out& out) {
  if (state_ == State::transmission) return std::size_t{0};
  if (!greeted_) return take_greeting(untrusted, out);
  if (untrusted.size() < option_reply_header_size) return std::size_t{0};
  BigReader in(untrusted);
  const std::uint64_t magic = in.u64();
  const std::uint32_t option = in.u32();
  const OptionReply type{in.u32()};
  const std::uint32_t size = in.u32();
  if (magic != option_reply_magic || size > max_reply) {
    return base::fail("NBD handshake: no option reply where one must be");
  }
  if (option != static_cast<std::uint32_t>(asked_)) {
    return base::fail("NBD handshake: a reply to an option that was not sent");
  }
  if (in.rest().size() < size) return std::size_t{0};
  if (++replies_ > max_replies) return base::fail("NBD handshake: too many replies");
  if (auto taken = take_reply(type, in.take(size), out); !taken) {
    return base::Unexpected{taken.error()};
  }
  return option_reply_header_size + size;
}

base::Result<std::size_t> ClientHandshake::take_greeting(Bytes untrusted, Out& out) {
  if (untrusted.size() < greeting_size) return std::size_t{0};
  BigReader in(untrusted);
  if (in.u64() != greeting_magic || in.u64() != option_magic) {
    return base::fail("NBD handshake: the other side is no newstyle server");
  }
  const unsigned flags = in.u16();
  if ((flags & flag_fixed_newstyle) == 0) {
    return base::fail("NBD handshake: the server is not of the fixed newstyle");
  }
  BigWriter(out).u32(flag_fixed_newstyle | (flags & flag_no_zeroes));
  greeted_ = true;
  ask(replies_wanted_ == Replies::structured ? Option::structured_reply : Option::go, out);
  return greeting_size;
}

void ClientHandshake::ask(Option option, Out& out) {
  asked_ = option;
  std::vector<std::byte> data;
  BigWriter to(data);
  if (option != Option::structured_reply) {
    to.u32(static_cast<std::uint32_t>(name_.size())).text(name_);
  }
  if (option == Option::set_meta_context) {
    to.u32(1).u32(static_cast<std::uint32_t>(allocation_context.size())).text(allocation_context);
  }
  if (option == Option::go) to.u16(1).u16(static_cast<std::uint16_t>(Info::block_size));
  BigWriter(out)
      .u64(option_magic)
      .u32(static_cast<std::uint32_t>(option))
      .u32(static_cast<std::uint32_t>(data.size()))
      .bytes(data);
}

void ClientHandshake::ask_next(Out& out) {
  const bool context = asked_ == Option::structured_reply && offer_.structured_replies;
  ask(context ? Option::set_meta_context : Option::go, out);
}

base::Status ClientHandshake::take_reply(OptionReply type, Bytes untrusted_data, Out& out) {
  if ((static_cast<std::uint32_t>(type) & 0x80000000U) != 0) {
    if (asked_ == Option::go) {
      return base::fail("NBD handshake: the server refuses the export: " +
                        base::wire::escape(base::wire::as_text(untrusted_data)));
    }
    if (asked_ == Option::set_meta_context) offer_.base_allocation = false;
    ask_next(out);
    return base::Ok{};
  }
  if (type == OptionReply::meta_context && asked_ == Option::set_meta_context) {
    return take_context(untrusted_data);
  }
  if (type == OptionReply::info && asked_ == Option::go) return take_info(untrusted_data);
  if (type != OptionReply::ack || !untrusted_data.empty()) {
    return base::fail("NBD handshake: a reply that does not belong to its option");
  }
  if (asked_ == Option::go) return finish();
  if (asked_ == Option::structured_reply) offer_.structured_replies = true;
  ask_next(out);
  return base::Ok{};
}

base::Status ClientHandshake::take_context(Bytes untrusted_data) {
  BigReader in(untrusted_data);
  const std::uint32_t id = in.u32();
  if (!in.ok() || base::wire::as_text(in.rest()) != allocation_context || offer_.base_allocation) {
    return base::fail("NBD handshake: a metadata context that was not asked for");
  }
  offer_.base_allocation = true;
  offer_.context_id = id;
  return base::Ok{};
}

base::Status ClientHandshake::take_info(Bytes untrusted_data) {
  BigReader in(untrusted_data);
  const Info what{in.u16()};
  if (what == Info::exported) {
    offer_.size = in.u64();
    offer_.flags = in.u16();
    if (!in.done() || exported_ || (offer_.flags & transmission::has_flags) == 0 ||
        offer_.size > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      return base::fail("NBD handshake: the export's size and flags cannot be");
    }
    exported_ = true;
  } else if (what == Info::block_size) {
    offer_.minimum_block = in.u32();
    const std::uint32_t preferred = in.u32();
    const std::uint32_t maximum = in.u32();
    if (!in.done() || sizes_known_ || !is_power_of_two(offer_.minimum_block) ||
        offer_.minimum_block > 65536 || !is_power_of_two(preferred) ||
        preferred < offer_.minimum_block || maximum < offer_.minimum_block) {
      return base::fail("NBD handshake: the block sizes cannot be");
    }
    offer_.maximum_block = std::min(maximum, max_payload);
    sizes_known_ = true;
  } else if (!in.ok()) {
    return base::fail("NBD handshake: an information that is cut off");
  }
  return base::Ok{};  // names and descriptions are of no use here
}

base::Status ClientHandshake::finish() {
  if (!exported_) return base::fail("NBD handshake: the server does not tell the export's size");
  state_ = State::transmission;
  return base::Ok{};
}

}  // namespace blockproxy::nbd
