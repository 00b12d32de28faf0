// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/guest/reply_reader.hpp"

#include <bit>

#include "usbproxy/usbip.hpp"

namespace usbproxy::guest {

using base::wire::Bytes;

Bytes ReplyReader::take(std::size_t size) {
  while (part_ < parts_.size() && at_ == parts_[part_].size()) {
    ++part_;
    at_ = 0;
  }
  if (part_ == parts_.size() || parts_[part_].size() - at_ < size) return {};
  const Bytes taken = parts_[part_].subspan(at_, size);
  at_ += size;
  return taken;
}

std::optional<Reply> ReplyReader::next() {
  const Bytes header = take(usbip::header_size);
  if (header.empty()) return std::nullopt;
  base::wire::BigReader in(header);
  const std::uint32_t command = in.u32();
  Reply reply;
  reply.seqnum = in.u32();
  in.u32();
  const std::uint32_t direction = in.u32();
  in.u32();
  reply.status = std::bit_cast<std::int32_t>(in.u32());
  if (command == usbip::message::ret_unlink) {
    reply.kind = Reply::Kind::unlink;
    return reply;
  }
  reply.actual = in.u32();
  const bool has_data =
      direction == static_cast<std::uint32_t>(usbip::Direction::in) && reply.actual > 0;
  if (has_data) reply.data = take(reply.actual);
  // Ours to write, so ours to be right: a message that is none ends the reading.
  const bool whole = !has_data || !reply.data.empty();
  if (command != usbip::message::ret_submit || !whole) return std::nullopt;
  return reply;
}

}  // namespace usbproxy::guest
