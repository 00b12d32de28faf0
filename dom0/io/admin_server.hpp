// SPDX-License-Identifier: GPL-2.0-or-later
// The Admin API's socket: one request a connection, as Qubes' clients make it.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "dom0/admin_request.hpp"

namespace dom0::io {

// What SO_PEERCRED allows a client: root, the daemon's own user and group `sallyport` all, group
// `sallyport-view` reading only (docs/protocol.md and DESIGN 13).
enum class AdminRight { none, read, all };

// Who calls: from the kernel, never from the request.
struct AdminPeer {
  AdminRight right = AdminRight::none;
  uid_t uid = 0;
};

// The groups that give these rights. Looked up once, before the sandbox: name services open files
// and sockets of their own.
struct AdminGroups {
  std::optional<gid_t> all;   // sallyport
  std::optional<gid_t> read;  // sallyport-view
};
AdminGroups find_admin_groups();

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

  AdminServer(boost::asio::io_context& io, base::io::Fd listening, AdminGroups groups,
              OnRequest on_request, const base::io::Log& log);
  void start();

 private:
  class Client;

  void after_readable(const boost::system::error_code& error);

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor listening_;
  AdminGroups groups_;
  OnRequest on_request_;
  const base::io::Log& log_;
  std::size_t clients_ = 0;
};

AdminPeer peer_of(const base::io::Fd& client, const AdminGroups& admin_groups);
// What a user in these groups may do; root and the daemon's own user may do everything.
AdminRight right_of(uid_t uid, const std::vector<gid_t>& groups, const AdminGroups& admin_groups,
                    uid_t daemon);

}  // namespace dom0::io
