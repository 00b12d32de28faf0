// SPDX-License-Identifier: GPL-2.0-or-later
// One client of one medium, from the greeting to its leave.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "block-proxy/io/medium.hpp"
#include "block-proxy/io/reply_stream.hpp"
#include "block-proxy/io/ring.hpp"
#include "block-proxy/nbd/read_ahead.hpp"
#include "block-proxy/nbd/server_handshake.hpp"
#include "block-proxy/nbd/server_session.hpp"

namespace blockproxy::io {

// One thread, one loop: all requests that are in the socket are taken at once, what is in memory is
// answered at once, and the rest is waited for on the ring. Memory is what it has at its start, and
// 32 MiB more for a client that wants long reads in one piece.
class Connection {
 public:
  static constexpr std::size_t input_size = 1 << 20;
  static constexpr std::size_t max_batch = 64;  // requests looked at before answers go out
  static constexpr int handshake_ms = 30'000;   // for each message of the client

  // Borrows all. `ring` may be null: then every read waits for its data.
  Connection(Medium& medium, const base::io::Fd& in, const base::io::Fd& out, Ring* ring,
             LongReads long_reads);

  // Serves until the client leaves. An error says how it broke the protocol or how the stream
  // failed.
  base::Status run();

 private:
  enum class Stream { open, ended };

  base::Status handshake();
  base::Status serve();
  base::Result<Stream> receive();
  base::Result<Stream> wait_and_receive();
  void compact();

  void carry_out(const nbd::Incoming& incoming);
  void carry_out(const nbd::Request& request);
  void take_write(const nbd::Incoming& incoming);
  void read_ahead(std::size_t count);
  // Unless its end is in memory already.
  void prefetch(std::uint64_t offset, std::uint32_t length);
  void read(const nbd::Request& request);
  void read_small(const nbd::Request& request);
  void read_large(const nbd::Request& request);
  bool read_part(const nbd::Request& request, std::uint64_t offset, std::uint32_t length,
                 nbd::Last last);
  void read_in_one_piece(const nbd::Request& request);
  void finish_reads(Ring::Wait wait);
  void finish(const Ring::Done& done);
  void block_status(const nbd::Request& request);
  std::size_t put_read_header(const nbd::Request& request, std::uint64_t offset,
                              std::uint32_t length, nbd::Last last,
                              std::array<std::byte, nbd::data_header_size>& header) const;

  void answer(const nbd::Request& request, nbd::WireError error);
  void fail_read(const nbd::Request& request, nbd::WireError error, std::uint64_t offset);

  Medium& medium_;
  const base::io::Fd& in_;
  Ring* ring_;
  bool ring_broken_ = false;  // the kernel no longer takes or gives: the connection ends
  ReplyStream replies_;
  nbd::ServerHandshake handshake_;
  nbd::Agreed agreed_;

  std::vector<std::byte> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::array<nbd::Incoming, max_batch> batch_;

  nbd::WireError write_error_ = nbd::WireError::none;  // of the write under way
  std::vector<std::byte> scratch_;                     // small replies of varying size
  std::vector<nbd::Extent> extents_;
  nbd::ReadAhead ahead_;
  std::vector<std::byte> large_;  // a long read in one piece
};

}  // namespace blockproxy::io
