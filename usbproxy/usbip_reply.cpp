// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/usbip_reply.hpp"

#include <bit>
#include <utility>

namespace usbproxy::usbip {
namespace {

using base::wire::BigReader;
using base::wire::Bytes;

constexpr std::size_t largest_reply =
    header_size + max_transfer + max_iso_packets * iso_descriptor_size;
constexpr std::uint32_t no_packets = 0xffffffff;  // some servers' number for "not isochronous"

bool is_status(std::int32_t untrusted) {
  constexpr std::int32_t largest_errno = 4095;
  return untrusted <= 0 && untrusted >= -largest_errno;
}

}  // namespace

ReplyParser::ReplyParser(Find find)
    : find_(std::move(find)), input_(largest_reply + InputBuffer::initial_capacity) {}

base::Result<const Answered*, ReplyError> ReplyParser::next() {
  const auto fail_with = [this](ReplyError error) {
    failed_ = error;
    return base::Unexpected{error};
  };
  if (failed_) return base::Unexpected{*failed_};
  input_.consume(std::exchange(taken_, 0));
  const Bytes untrusted = input_.unread();
  if (untrusted.size() < header_size) return nullptr;
  BigReader in(untrusted.first(header_size));
  const std::uint32_t code = in.u32();
  answered_.seqnum = in.u32();
  in.take(12);
  answered_.status = std::bit_cast<std::int32_t>(in.u32());
  answered_.actual = 0;
  answered_.data = {};
  answered_.packets.clear();
  if (code != message::ret_submit && code != message::ret_unlink)
    return fail_with(ReplyError::unknown_message);
  if (!is_status(answered_.status)) return fail_with(ReplyError::bad_status);
  if (code == message::ret_unlink) {
    answered_.kind = CommandKind::unlink;
    taken_ = header_size;
    return &answered_;
  }
  answered_.kind = CommandKind::submit;
  const Submit* const asked = find_(answered_.seqnum);
  if (asked == nullptr) return fail_with(ReplyError::unknown_number);
  if (const auto error = read_submit(in, *asked)) return fail_with(*error);

  const std::size_t data = asked->direction == Direction::in ? answered_.actual : 0;
  const std::size_t packets = asked->iso_packets * iso_descriptor_size;
  const Bytes rest = untrusted.subspan(header_size);
  if (rest.size() < data + packets) return nullptr;
  answered_.data = rest.first(data);
  if (const auto error = read_packets(rest.subspan(data, packets), *asked)) {
    return fail_with(*error);
  }
  taken_ = header_size + data + packets;
  return &answered_;
}

std::optional<ReplyError> ReplyParser::read_submit(BigReader& in, const Submit& asked) {
  answered_.actual = in.u32();
  in.u32();  // start_frame
  const std::uint32_t packets = in.u32();
  if (answered_.actual > asked.length) return ReplyError::too_long;
  const bool none = asked.iso_packets == 0 && packets == no_packets;
  if (packets != asked.iso_packets && !none) return ReplyError::bad_packets;
  return std::nullopt;
}

// Offsets and lengths are what was asked for, whatever is said here.
std::optional<ReplyError> ReplyParser::read_packets(Bytes untrusted, const Submit& asked) {
  if (asked.iso_packets == 0) return std::nullopt;
  const std::uint32_t longest = asked.length / asked.iso_packets;
  std::uint64_t sum = 0;
  BigReader in(untrusted);
  for (std::uint32_t i = 0; i < asked.iso_packets; ++i) {
    in.take(8);
    const IsoOutcome one{.actual = in.u32(), .status = std::bit_cast<std::int32_t>(in.u32())};
    if (one.actual > longest) return ReplyError::too_long;
    if (!is_status(one.status)) return ReplyError::bad_status;
    sum += one.actual;
    answered_.packets.push_back(one);
  }
  if (asked.direction == Direction::in && sum != answered_.actual) return ReplyError::bad_packets;
  return std::nullopt;
}

const char* describe(ReplyError error) {
  switch (error) {
    case ReplyError::unknown_message:
      return "unknown message";
    case ReplyError::unknown_number:
      return "an answer to no request";
    case ReplyError::bad_status:
      return "a status that is none";
    case ReplyError::too_long:
      return "an answer longer than asked";
    case ReplyError::bad_packets:
      return "other isochronous packets than asked for";
  }
  return "unknown";
}

}  // namespace usbproxy::usbip
