// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshot process' connection to sallyport-snapshots: requests come in, each with its asker's
// socket and what the asker sent along.
//
// SOCK_SEQPACKET. To this process: the request's text with one or two descriptors. From it:
// "changed" when the snapshot was made or dropped, and "idle N" when nobody is left, N being the
// number of requests taken so far. The supervisor closes then, if it has sent no more; so no
// request is lost.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>

#include "base/io/pass_fd.hpp"
#include "block-proxy/snapshot/server/io/session.hpp"

namespace blockproxy::snapshot {

class Control {
 public:
  static constexpr std::size_t max_sessions = 64;
  static constexpr std::chrono::seconds linger{5};

  // `unusable`: why the snapshot cannot be served, which is all that anybody is told then.
  Control(boost::asio::io_context& io, base::io::Fd supervisor, Server& server,
          std::string unusable, const base::io::Log& log);
  void start();

 private:
  void wait();
  void receive();
  void take(base::io::Message message);
  void ended(const Session* session);
  void rest();
  void notice();
  void say(const std::string& text);

  boost::asio::io_context& io_;
  base::io::Fd supervisor_;
  boost::asio::posix::stream_descriptor readable_;  // a duplicate, for waiting
  Server& server_;
  std::string unusable_;
  const base::io::Log& log_;
  boost::asio::steady_timer timer_;
  std::list<std::shared_ptr<Session>> sessions_;
  std::uint64_t taken_ = 0;
  bool was_there_ = false;  // the snapshot, when the supervisor was last told of it
};

}  // namespace blockproxy::snapshot
