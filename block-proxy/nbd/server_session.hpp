// SPDX-License-Identifier: GPL-2.0-or-later
// The server's side of the transmission: bytes in, requests that are in bounds out.
#pragma once

#include <cstdint>

#include "base/wire/reader.hpp"
#include "block-proxy/nbd/export.hpp"
#include "block-proxy/nbd/protocol.hpp"
#include "block-proxy/nbd/server_handshake.hpp"

namespace blockproxy::nbd {

// A request the medium can be asked to carry out: of a known command, with flags that it may have,
// within the export and aligned where that was agreed.
struct Request {
  Cookie cookie;
  Command command = Command::read;
  std::uint16_t flags = 0;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  // bytes; for read and write at most max_payload

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
};

// What comes next in the stream.
struct Incoming {
  enum class Kind {
    more,        // needs more bytes
    request,     // `request`, any but a write
    write_data,  // a piece of a write's payload, in order
    refused,     // answer `request` with `error`; a write's payload has been passed over
    disconnect,  // the client takes its leave
    broken,      // the framing is lost or the client asks for too much: close
  };
  Kind kind = Kind::more;
  Request request{};
  WireError error = WireError::none;
  // Of write_data: borrowed from the input; where it goes, and whether it is the last piece.
  base::wire::Bytes data{};
  std::uint64_t data_offset = 0;
  bool last = false;
};

// Sans-IO, keeps no bytes. A read-only export refuses here already: no such request ever comes out.
class ServerSession {
 public:
  // A payload comes out whole, or in pieces of a multiple of this many bytes: the caller's buffer
  // must be larger than that by more than a request's header.
  static constexpr std::size_t write_piece = 64U << 10U;

  // `offered` is borrowed and must outlive it.
  ServerSession(const Export& offered, const Agreed& agreed) : export_(offered), agreed_(agreed) {}

  // Looks at the front of `untrusted` and cuts off what it took.
  Incoming next(base::wire::Bytes& untrusted);

 private:
  Incoming take_header(base::wire::Bytes& untrusted);
  Incoming take_payload(base::wire::Bytes& untrusted);
  WireError judge(const Request& request, bool known) const;

  const Export& export_;
  const Agreed agreed_;
  Request write_;  // whose payload is under way
  std::uint32_t payload_left_ = 0;
  WireError write_error_ = WireError::none;
};

}  // namespace blockproxy::nbd
