// SPDX-License-Identifier: GPL-2.0-or-later
// One NBD client of a snapshot: served from the store, and made to wait while a block is fetched.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/io/fd.hpp"
#include "block-proxy/nbd/server_handshake.hpp"
#include "block-proxy/nbd/server_session.hpp"
#include "block-proxy/snapshot/io/store.hpp"
#include "block-proxy/snapshot/server/io/reply_queue.hpp"

namespace blockproxy::snapshot {

// What the readers of one snapshot share.
struct Served {
  Store& store;
  nbd::Export offered;
  Side side = Side::base;
  std::uint64_t margin = 0;  // zeros before and behind the medium, part of what is offered
  // Filler::need(), or an error where there is no medium.
  std::function<base::Status(const BlockRun&)> need;
};

class Reader : public std::enable_shared_from_this<Reader> {
 public:
  static constexpr std::size_t input_size = std::size_t{256} << 10U;
  static constexpr std::size_t max_waiting = 64;  // requests whose blocks are on their way
  static constexpr std::chrono::seconds handshake_limit{30};

  // `why`: empty when the client took its leave.
  using OnEnd = std::function<void(const std::string& why)>;

  // Borrows `served`. The socket is made non-blocking.
  Reader(boost::asio::io_context& io, base::io::Fd socket, Served& served);
  void start(OnEnd on_end);
  // Blocks have come, or will never come.
  void look_again();
  // No callback after this.
  void stop();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  enum class Result : std::uint8_t { answered, waits };
  // A part of a write's payload that waits for the rest of the blocks that it touches.
  struct Part {
    nbd::Request request;
    std::uint64_t offset = 0;
    std::vector<std::byte> data;
    bool last = false;
  };

  void wait_readable();
  void receive();
  void work();
  void answer_waiting();
  bool may_take() const;
  void shake_hands();
  void take(const nbd::Incoming& incoming);
  Result carry_out(const nbd::Request& request);
  // A range of the export: zeros, bytes of the medium, zeros.
  struct Framed {
    std::uint64_t before = 0;
    Range medium;
    std::uint64_t behind = 0;
  };
  Framed framed(const nbd::Request& request) const;
  bool hides_loss(const Range& range) const;
  Result read(const nbd::Request& request);
  Result change(const nbd::Request& request);
  Result write_part();
  base::Result<Result> wanted(const Range& range);
  base::Result<Result> wanted_at_edges(const Range& range);
  void put_read_header(const nbd::Request& request);
  void answer(const nbd::Request& request, nbd::WireError error, std::string_view why = {});
  void flush_replies();
  void end(const std::string& why);

  Descriptor socket_;
  Served& served_;
  OnEnd on_end_;
  boost::asio::steady_timer timer_;
  nbd::ServerHandshake handshake_;
  std::optional<nbd::ServerSession> session_;
  nbd::Agreed agreed_;
  std::vector<std::byte> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::deque<nbd::Request> waiting_;
  std::size_t look_at_ = 0;   // how many at the front of these may be ready
  std::optional<Part> part_;  // nothing is taken behind it
  nbd::WireError write_error_ = nbd::WireError::none;
  ReplyQueue replies_;
  std::vector<std::byte> scratch_;
  bool reading_ = false;
  bool writing_ = false;
  bool leaving_ = false;
  bool ended_ = false;
};

}  // namespace blockproxy::snapshot
