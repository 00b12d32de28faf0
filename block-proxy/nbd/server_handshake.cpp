// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/server_handshake.hpp"

#include <string_view>

namespace blockproxy::nbd {
namespace {

using base::wire::BigReader;
using base::wire::BigWriter;
using base::wire::Bytes;

constexpr std::string_view base_allocation = "base:allocation";

void reply(std::vector<std::byte>& out, std::uint32_t option, OptionReply type,
           std::size_t size = 0) {
  BigWriter(out)
      .u64(option_reply_magic)
      .u32(option)
      .u32(static_cast<std::uint32_t>(type))
      .u32(static_cast<std::uint32_t>(size));
}

void refuse(std::vector<std::byte>& out, std::uint32_t option, OptionReply type,
            std::string_view why) {
  reply(out, option, type, why.size());
  BigWriter(out).text(why);
}

void reply_context(std::vector<std::byte>& out, Option option, std::uint32_t id) {
  reply(out, static_cast<std::uint32_t>(option), OptionReply::meta_context,
        4 + base_allocation.size());
  BigWriter(out).u32(id).text(base_allocation);
}

}  // namespace

void ServerHandshake::greet(std::vector<std::byte>& out) {
  BigWriter(out).u64(greeting_magic).u64(option_magic).u16(flag_fixed_newstyle | flag_no_zeroes);
}

std::size_t ServerHandshake::end() {
  state_ = State::ended;
  return 0;
}

std::uint16_t ServerHandshake::flags() const {
  const std::uint16_t all = export_.transmission_flags();
  if (replies_ == Replies::structured) return all;
  // "Don't fragment" is about structured replies.
  return static_cast<std::uint16_t>(all & ~unsigned{transmission::send_df});
}

bool ServerHandshake::is_ours(std::string_view untrusted_name) const {
  return export_.name.empty() || untrusted_name == export_.name;
}

std::size_t ServerHandshake::take_flags(Bytes untrusted) {
  if (untrusted.size() < 4) return 0;
  const std::uint32_t flags = BigReader(untrusted).u32();
  constexpr std::uint32_t known = flag_fixed_newstyle | flag_no_zeroes;
  if ((flags & ~known) != 0 || (flags & flag_fixed_newstyle) == 0) return end();
  zeroes_ = (flags & flag_no_zeroes) == 0;
  flags_seen_ = true;
  return 4;
}

std::size_t ServerHandshake::push(Bytes untrusted, Out& out) {
  if (state_ != State::negotiating) return 0;
  if (!flags_seen_) return take_flags(untrusted);
  if (untrusted.size() < option_header_size) return 0;
  BigReader in(untrusted);
  const std::uint64_t magic = in.u64();
  const std::uint32_t option = in.u32();
  const std::uint32_t size = in.u32();
  if (magic != option_magic || size > max_option) return end();
  if (in.rest().size() < size) return 0;
  if (++options_ > max_options) return end();
  take_option(option, in.take(size), out);
  return option_header_size + size;
}

void ServerHandshake::take_option(std::uint32_t option, Bytes untrusted_data, Out& out) {
  switch (Option{option}) {
    case Option::export_name:
      return take_export_name(untrusted_data, out);
    case Option::abort:
      reply(out, option, OptionReply::ack);
      end();
      return;
    case Option::list:
      if (!untrusted_data.empty()) {
        return refuse(out, option, OptionReply::invalid, "LIST has no data");
      }
      reply(out, option, OptionReply::server, 4 + export_.name.size());
      BigWriter(out).u32(static_cast<std::uint32_t>(export_.name.size())).text(export_.name);
      return reply(out, option, OptionReply::ack);
    case Option::structured_reply:
      if (replies_ == Replies::simple) break;
      if (!untrusted_data.empty()) {
        return refuse(out, option, OptionReply::invalid, "STRUCTURED_REPLY has no data");
      }
      agreed_.structured_replies = true;
      return reply(out, option, OptionReply::ack);
    case Option::info:
    case Option::go:
      return take_go(Option{option}, untrusted_data, out);
    case Option::list_meta_context:
    case Option::set_meta_context:
      return take_meta_context(Option{option}, untrusted_data, out);
    case Option::starttls:
      return refuse(out, option, OptionReply::policy, "the stream is private already");
  }
  refuse(out, option, OptionReply::unsupported, "not known here");
}

// This option has no way to say no.
void ServerHandshake::take_export_name(Bytes untrusted_data, Out& out) {
  const auto name = base::wire::as_text(untrusted_data);
  if (name.size() > max_name || !is_ours(name)) {
    end();
    return;
  }
  if (name != context_name_) agreed_.base_allocation = false;
  BigWriter(out).u64(export_.size).u16(flags()).zeros(zeroes_ ? 124 : 0);
  state_ = State::transmission;
}

void ServerHandshake::take_go(Option option, Bytes untrusted_data, Out& out) {
  const auto number = static_cast<std::uint32_t>(option);
  BigReader in(untrusted_data);
  const std::uint32_t name_size = in.u32();
  const auto name = base::wire::as_text(in.take(name_size));
  const unsigned wishes = in.u16();
  bool block_size = false;
  for (unsigned i = 0; i < wishes && in.ok(); ++i) {
    block_size = Info{in.u16()} == Info::block_size || block_size;
  }
  if (!in.done() || name.size() > max_name) {
    return refuse(out, number, OptionReply::invalid, "the lengths do not add up");
  }
  if (!is_ours(name)) return refuse(out, number, OptionReply::unknown, "no such export");

  reply(out, number, OptionReply::info, 12);
  BigWriter(out).u16(static_cast<std::uint16_t>(Info::exported)).u64(export_.size).u16(flags());
  if (block_size) {
    reply(out, number, OptionReply::info, 14);
    BigWriter(out)
        .u16(static_cast<std::uint16_t>(Info::block_size))
        .u32(export_.minimum_block())
        .u32(Export::preferred_block)
        .u32(max_payload);
  }
  reply(out, number, OptionReply::ack);
  if (option != Option::go) return;
  agreed_.aligned = block_size;
  if (name != context_name_) agreed_.base_allocation = false;
  state_ = State::transmission;
}

void ServerHandshake::take_meta_context(Option option, Bytes untrusted_data, Out& out) {
  const auto number = static_cast<std::uint32_t>(option);
  const bool set = option == Option::set_meta_context;
  if (set) agreed_.base_allocation = false;  // the last choice counts, also one that fails
  if (!agreed_.structured_replies) {
    return refuse(out, number, OptionReply::invalid, "STRUCTURED_REPLY must come first");
  }
  BigReader in(untrusted_data);
  const std::uint32_t name_size = in.u32();
  const auto name = base::wire::as_text(in.take(name_size));
  const std::uint32_t queries = in.u32();
  if (queries > max_queries) {
    return refuse(out, number, OptionReply::too_big, "too many queries");
  }
  bool wanted = !set && queries == 0;
  for (std::uint32_t i = 0; i < queries && in.ok(); ++i) {
    const std::uint32_t size = in.u32();
    const auto query = base::wire::as_text(in.take(size));
    wanted = wanted || query == base_allocation || (!set && query == "base:");
  }
  if (!in.done() || name.size() > max_name) {
    return refuse(out, number, OptionReply::invalid, "the lengths do not add up");
  }
  if (!is_ours(name)) return refuse(out, number, OptionReply::unknown, "no such export");
  if (wanted) reply_context(out, option, set ? base_allocation_id : 0);
  reply(out, number, OptionReply::ack);
  if (!set) return;
  agreed_.base_allocation = wanted;
  context_name_ = name;
}

}  // namespace blockproxy::nbd
