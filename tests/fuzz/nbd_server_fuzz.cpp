// SPDX-License-Identifier: GPL-2.0-or-later
// A server against a client that lies, its bytes cut anywhere: whatever comes out is a request
// that the export can carry out.
#include <cstdlib>

#include "block-proxy/nbd/server_handshake.hpp"
#include "block-proxy/nbd/server_session.hpp"

namespace {

using blockproxy::nbd::Access;
using blockproxy::nbd::Command;
using blockproxy::nbd::Export;
using blockproxy::nbd::Incoming;
using blockproxy::nbd::Request;
using blockproxy::nbd::ServerHandshake;
using blockproxy::nbd::ServerSession;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_range(const Export& offered, const blockproxy::nbd::Agreed& agreed,
                 const Request& request) {
  require(request.length > 0 && request.offset <= offered.size &&
          request.length <= offered.size - request.offset);
  if (request.command == Command::read || request.command == Command::write) {
    require(request.length <= blockproxy::nbd::max_payload);
  }
  if (!agreed.aligned) return;
  require(request.offset % offered.minimum_block() == 0 &&
          request.length % offered.minimum_block() == 0);
}

void check(const Export& offered, const blockproxy::nbd::Agreed& agreed, const Incoming& incoming) {
  const Request& request = incoming.request;
  const bool changes = request.command == Command::write || request.command == Command::trim ||
                       request.command == Command::write_zeroes;
  if (incoming.kind == Incoming::Kind::write_data) {
    require(offered.access == Access::read_write && request.command == Command::write);
    check_range(offered, agreed, request);
    require(!incoming.data.empty() && incoming.data_offset >= request.offset);
    const std::uint64_t end = incoming.data_offset + incoming.data.size();
    require(end <= request.offset + request.length);
    require(incoming.last == (end == request.offset + request.length));
    require(incoming.last || incoming.data.size() % ServerSession::write_piece == 0);
  }
  if (incoming.kind != Incoming::Kind::request) return;
  require(request.command != Command::write && request.command != Command::disconnect);
  require(!changes || offered.access == Access::read_write);
  if (request.command != Command::flush) check_range(offered, agreed, request);
  if (request.command == Command::block_status) require(agreed.base_allocation);
}

// The rest of the input, some of it visible at a time: each cut makes more of it visible.
struct Stream {
  base::wire::Bytes all;
  std::size_t visible = 0;
  unsigned step = 1;

  base::wire::Bytes now() const { return all.first(visible); }
  void take(std::size_t size) {
    all = all.subspan(size);
    visible -= size;
  }
  bool grow() {
    if (visible == all.size()) return false;
    visible = std::min(all.size(), visible + step);
    return true;
  }
};

}  // namespace

// First byte: the export; second: how many bytes come at a time. The rest is the client's.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  Export offered;
  offered.access = (data[0] & 1U) != 0 ? Access::read_write : Access::read_only;
  offered.size = (data[0] & 2U) != 0 ? 1000001 : std::uint64_t{1} << 40U;
  if ((data[0] & 4U) != 0) offered.name = "x";
  Stream stream{.all = std::as_bytes(std::span(data + 2, size - 2)), .step = data[1] * 7U + 1};

  ServerHandshake handshake(offered);
  std::vector<std::byte> out;
  do {
    while (handshake.state() == ServerHandshake::State::negotiating) {
      const std::size_t taken = handshake.push(stream.now(), out);
      require(taken <= stream.visible);
      require(out.size() < 16384);
      out.clear();
      if (taken == 0) break;
      stream.take(taken);
    }
  } while (handshake.state() == ServerHandshake::State::negotiating && stream.grow());
  if (handshake.state() != ServerHandshake::State::transmission) return 0;

  const auto agreed = handshake.agreed();
  require(agreed.structured_replies || !agreed.base_allocation);
  ServerSession session(offered, agreed);
  do {
    for (;;) {
      base::wire::Bytes untrusted = stream.now();
      const Incoming incoming = session.next(untrusted);
      require(untrusted.size() <= stream.visible);
      check(offered, agreed, incoming);
      const std::size_t taken = stream.visible - untrusted.size();
      stream.take(taken);
      if (incoming.kind == Incoming::Kind::broken || incoming.kind == Incoming::Kind::disconnect) {
        return 0;
      }
      if (incoming.kind == Incoming::Kind::more) break;
      require(taken > 0);
    }
  } while (stream.grow());
  return 0;
}
