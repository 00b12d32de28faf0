// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of the transmission: requests out, replies in that are exactly what was asked.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "block-proxy/nbd/client_handshake.hpp"
#include "block-proxy/nbd/reply.hpp"

namespace blockproxy::nbd {

// What comes next in the stream of replies.
struct Answer {
  enum class Kind {
    more,    // needs more bytes
    data,    // a piece of a read: `data` belongs at `offset`
    hole,    // so many zero bytes belong at `offset`
    status,  // `extents` from `offset` on
    done,    // the request has ended, well or with `error`
  };
  Kind kind = Kind::more;
  Cookie cookie{};
  std::uint64_t offset = 0;
  std::uint32_t length = 0;           // of data and hole
  base::wire::Bytes data{};           // borrowed from the input
  std::span<const Extent> extents{};  // borrowed from the session until the next call
  WireError error = WireError::none;
};

// Sans-IO. Every byte of a read comes once and in order, before its `done`: a server that sends
// more, less, twice, out of order or unasked breaks the session, and so does one whose extents
// reach beyond the export. (The protocol would let chunks come in any order; no server known does
// that, and this one demand makes overlaps and gaps impossible without a table of ranges.)
class ClientSession {
 public:
  static constexpr unsigned max_requests = 64;        // under way at once
  static constexpr std::uint32_t max_extents = 4096;  // in one reply
  static constexpr std::uint32_t max_error = 8192;    // bytes of an error chunk
  static constexpr std::size_t max_input = chunk_header_size + 4 + std::size_t{8} * max_extents;

  explicit ClientSession(const Offer& offer);

  // Appends the request to `out`; for a write the caller sends `length` bytes behind it. Refuses
  // what the offer does not allow: then nothing has been sent.
  base::Result<Cookie> ask(Command command, std::uint16_t flags, std::uint64_t offset,
                           std::uint32_t length, std::vector<std::byte>& out);
  bool full() const { return under_way_ == max_requests; }
  unsigned under_way() const { return under_way_; }
  static void leave(std::vector<std::byte>& out);

  // A piece of data that comes next, whatever else does: a caller may read it to where it belongs.
  struct Expected {
    Cookie cookie{};
    std::uint64_t offset = 0;
    std::uint32_t length = 0;  // 0: none
  };
  Expected expected() const;

  // Looks at the front of `untrusted` and cuts off what it took. After an error nothing more can
  // be made of the stream. The caller's buffer holds max_input bytes at least.
  base::Result<Answer> next(base::wire::Bytes& untrusted);

 private:
  struct Pending {
    bool used = false;
    bool status_seen = false;
    Command command = Command::read;
    std::uint16_t flags = 0;
    std::uint64_t generation = 0;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t got = 0;  // bytes of a read that have come
    WireError error = WireError::none;
  };

  base::Status allowed(Command command, std::uint16_t flags, std::uint64_t offset,
                       std::uint32_t length) const;
  base::Result<unsigned> find(Cookie cookie) const;
  base::Result<Answer> step(base::wire::Bytes& untrusted);
  base::Result<Answer> take_simple(base::wire::Bytes& untrusted);
  base::Result<Answer> take_chunk(base::wire::Bytes& untrusted);
  base::Result<Answer> take_data(base::wire::Bytes& untrusted);
  base::Result<Answer> take_status(unsigned slot, base::wire::Bytes payload);
  base::Result<Answer> take_hole(unsigned slot, base::wire::Bytes payload);
  base::Status take_error(unsigned slot, ReplyType type, base::wire::Bytes payload);
  base::Result<Answer> finish(unsigned slot);
  Cookie cookie_of(unsigned slot) const;

  const Offer offer_;
  std::array<Pending, max_requests> pending_{};
  unsigned under_way_ = 0;
  std::uint64_t generation_ = 0;
  std::vector<unsigned> free_;
  std::vector<Extent> extents_;
  // A chunk of data under way, and a reply that ends once its last answer has been taken.
  std::uint32_t data_left_ = 0;
  unsigned slot_ = 0;
  bool ends_ = false;
  bool again_ = false;
};

}  // namespace blockproxy::nbd
