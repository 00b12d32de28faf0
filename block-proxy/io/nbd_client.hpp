// SPDX-License-Identifier: GPL-2.0-or-later
// A stream to an NBD server that may lie, past its handshake: requests under way, and their data
// where the caller wants it.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "base/io/fd.hpp"
#include "block-proxy/nbd/client_session.hpp"

namespace blockproxy::io {

// Never waits: the owner does, until the socket can be read (and written, while unsent()). After an
// error nothing more comes of the stream. Single-threaded.
class NbdClient {
 public:
  // Runs once for each request, from within receive().
  using OnDone = std::function<void(nbd::WireError)>;

  // `stream` is made non-blocking.
  static base::Result<NbdClient> make(base::io::Fd stream, const nbd::Offer& offer);

  // All of `into`, which stays until `done`. An error: nothing was asked.
  base::Status read(std::uint64_t offset, std::span<std::byte> into, OnDone done);
  // Copies `data` into what is to be sent.
  base::Status write(std::uint64_t offset, base::wire::Bytes data, OnDone done);
  base::Status flush(OnDone done);

  void leave();  // tells the server, if it listens

  base::Status send();     // what the socket takes now
  base::Status receive();  // what has come
  bool unsent() const { return sent_ < out_.size(); }
  unsigned under_way() const { return session_.under_way(); }
  const nbd::Offer& offer() const { return offer_; }
  const base::io::Fd& stream() const { return stream_; }

 private:
  struct Waiting {
    nbd::Cookie cookie;
    std::uint64_t offset = 0;
    std::span<std::byte> into;
    OnDone done;
  };
  NbdClient(base::io::Fd stream, const nbd::Offer& offer);
  base::Status ask(nbd::Command command, std::uint64_t offset, std::size_t length,
                   std::span<std::byte> into, OnDone done);
  base::Result<std::size_t> fill(std::span<std::byte> room);
  base::Status take(base::wire::Bytes& untrusted);
  Waiting& find(nbd::Cookie cookie);

  base::io::Fd stream_;
  nbd::Offer offer_;
  nbd::ClientSession session_;
  std::array<Waiting, nbd::ClientSession::max_requests> waiting_;
  std::vector<std::byte> out_;
  std::size_t sent_ = 0;
  std::vector<std::byte> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace blockproxy::io
