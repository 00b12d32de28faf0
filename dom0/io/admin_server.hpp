// SPDX-License-Identifier: GPL-2.0-or-later
// The Admin API's socket: one request a connection, as Qubes' clients make it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "base/io/peer_rights.hpp"
#include "dom0/admin_request.hpp"

namespace dom0::io {

using AdminPeer = base::io::Peer;

class AdminServer : public std::enable_shared_from_this<AdminServer> {
 public:
  static constexpr std::size_t max_clients = 32;
  static constexpr std::size_t max_request = std::size_t{64} * 1024 + 512;

  // A client that lets this much pile up unread is cut off; it can come back and list again.
  static constexpr std::size_t max_pushed = std::size_t{4} * 1024 * 1024;

  using Reply = std::function<void(std::vector<std::byte>)>;
  using OnHangUp = std::function<void()>;
  // Exactly one of them: `reply` once, now or later, or `push` as often as there is something to
  // say, until the client goes.
  struct Responder {
    Reply reply;
    std::function<void(const std::vector<std::byte>&)> push;
  };
  // What it returns, if anything, is called when the client goes away without having waited for the
  // reply.
  using OnRequest =
      std::function<OnHangUp(const AdminRequest&, const AdminPeer&, const Responder&)>;

  AdminServer(boost::asio::io_context& io, base::io::Fd listening, base::io::RightGroups groups,
              OnRequest on_request, const base::io::Log& log);
  void start();

 private:
  class Client;

  void after_readable(const boost::system::error_code& error);

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor listening_;
  base::io::RightGroups groups_;
  OnRequest on_request_;
  const base::io::Log& log_;
  std::size_t clients_ = 0;
};

}  // namespace dom0::io
