// SPDX-License-Identifier: GPL-2.0-or-later
// The data connections that dom0 has asked qubes to open and that have not come yet.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/wire/hello.hpp"
#include "base/wire/result.hpp"
#include "dom0/io/stream_acceptor.hpp"

namespace dom0::io {

// A token is good once, for one qube, for ten seconds.
class PendingStreams {
 public:
  static constexpr std::chrono::seconds limit{10};
  static constexpr std::size_t max_pending = 256;

  using OnStream = std::function<void(base::Result<StreamSocket>)>;

  explicit PendingStreams(boost::asio::io_context& io) : io_(io) {}

  // Calls `on_stream` once: with the stream, or with why it did not come.
  base::Result<base::wire::Token> expect(const std::string& qube, OnStream on_stream);
  // A data connection arrived. False: nobody waits for it, and it is closed.
  bool arrived(IncomingStream stream);
  // Stops waiting; on_stream does not run.
  void forget(const base::wire::Token& token) { waiting_.erase(token); }

 private:
  struct Waiting {
    std::string qube;
    OnStream on_stream;
    std::unique_ptr<boost::asio::steady_timer> timer;
  };

  void late(const base::wire::Token& token);

  boost::asio::io_context& io_;
  std::map<base::wire::Token, Waiting> waiting_;
};

}  // namespace dom0::io
