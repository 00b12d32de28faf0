// SPDX-License-Identifier: GPL-2.0-or-later
// The USB/IP messages that usbip-host answers with, as its client has to take them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "usbproxy/input_buffer.hpp"
#include "usbproxy/usbip.hpp"

namespace usbproxy::usbip {

enum class ReplyError {
  unknown_message,  // neither RET_SUBMIT nor RET_UNLINK
  unknown_number,   // answers no request
  bad_status,       // no negated errno
  too_long,         // more than was asked for, or sent
  bad_packets,      // not the isochronous packets that were asked for, or sums that are wrong
};
const char* describe(ReplyError error);

// One packet of an isochronous reply, which is no longer than what was asked for.
struct IsoOutcome {
  std::uint32_t actual = 0;
  std::int32_t status = 0;
};

struct Answered {
  CommandKind kind = CommandKind::submit;  // what is answered
  std::uint32_t seqnum = 0;                // the command's own
  std::int32_t status = 0;                 // 0 or a negated errno
  std::uint32_t actual = 0;                // bytes moved: at most what was asked
  base::wire::Bytes data;                // IN: `actual` bytes; of isochronous packets without gaps
  std::vector<IsoOutcome> packets = {};  // isochronous: as many as were asked for
};

// Everything is checked against the request that is answered, and a header before what follows it
// has come. A reply's device, direction and endpoint mean nothing: usbip-host leaves them zero. The
// first error is final.
class ReplyParser {
 public:
  // The request with that number, if it waits for its answer.
  using Find = std::function<const Submit*(std::uint32_t seqnum)>;

  explicit ReplyParser(Find find);
  // Take every message with next() before asking for room again; it is never empty then.
  std::span<std::byte> prepare() { return input_.prepare(); }
  void commit(std::size_t count) noexcept { input_.commit(count); }
  // The next whole message; null: needs more bytes. Overwritten by the next call.
  base::Result<const Answered*, ReplyError> next();
  bool inside_message() const { return input_.unread().size() > taken_; }

 private:
  std::optional<ReplyError> read_submit(base::wire::BigReader& in, const Submit& asked);
  std::optional<ReplyError> read_packets(base::wire::Bytes untrusted, const Submit& asked);

  Find find_;
  InputBuffer input_;
  Answered answered_;
  std::size_t taken_ = 0;
  std::optional<ReplyError> failed_;
};

}  // namespace usbproxy::usbip
