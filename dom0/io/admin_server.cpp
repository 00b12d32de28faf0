// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/admin_server.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "dom0/admin_reply.hpp"

namespace dom0::io {
namespace {

constexpr std::chrono::seconds request_limit{10};

}  // namespace

// One connection: the request until end of file, the reply, the end; or what is pushed until the
// client goes.
class AdminServer::Client : public std::enable_shared_from_this<Client> {
 public:
  Client(std::shared_ptr<AdminServer> server, base::io::Fd socket, AdminPeer peer)
      : server_(std::move(server)),
        socket_(server_->io_, boost::asio::local::stream_protocol(), socket.release()),
        timer_(server_->io_),
        peer_(peer) {
    ++server_->clients_;
  }
  ~Client() { --server_->clients_; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start() {
    timer_.expires_after(request_limit);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->socket_.cancel();
    });
    read();
  }

 private:
  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            std::bind_front(&Client::after_read, shared_from_this()));
  }

  void after_read(const boost::system::error_code& error, std::size_t size) {
    if (error == boost::asio::error::eof) return answer();
    if (error) return;
    if (request_.size() + size > max_request) {
      return reply(encode_error(error_type::protocol,
                                "request longer than " + std::to_string(max_request) + " bytes"));
    }
    request_.insert(request_.end(), buffer_.begin(),
                    buffer_.begin() + static_cast<std::ptrdiff_t>(size));
    read();
  }

  void answer() {
    timer_.cancel();
    const auto request = parse_admin_request(request_);
    if (!request) return reply(encode_error(error_type::protocol, request.error().text));
    const auto self = shared_from_this();
    const OnHangUp on_hang_up = server_->on_request_(
        *request, peer_,
        {.reply = [self](std::vector<std::byte> bytes) { self->reply(std::move(bytes)); },
         .push = [self](const std::vector<std::byte>& bytes) { self->push(bytes); }});
    if (on_hang_up && !replied_) watch(on_hang_up);
  }

  // The end of the client's writing was the end of the request; an error is the end of the client.
  void watch(const OnHangUp& on_hang_up) {
    socket_.async_wait(
        boost::asio::local::stream_protocol::socket::wait_error,
        [self = shared_from_this(), on_hang_up](const boost::system::error_code& /*error*/) {
          if (!self->replied_) on_hang_up();
          self->close();
        });
  }

  void push(const std::vector<std::byte>& bytes) {
    if (!socket_.is_open()) return;
    if (queued_.size() + bytes.size() > max_pushed) {
      server_->log_.warning("admin_client_too_slow");
      return close();
    }
    queued_.insert(queued_.end(), bytes.begin(), bytes.end());
    if (reply_.empty()) write_pushed();
  }

  void write_pushed() {
    reply_.swap(queued_);
    boost::asio::async_write(
        socket_, boost::asio::buffer(reply_),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
          self->reply_.clear();
          if (error) return self->close();
          if (!self->queued_.empty()) self->write_pushed();
        });
  }

  // Whoever waits for the client's end hears of it: watch().
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  void reply(std::vector<std::byte> bytes) {
    timer_.cancel();
    replied_ = true;
    reply_ = std::move(bytes);
    boost::asio::async_write(socket_, boost::asio::buffer(reply_),
                             // Written or not, the connection ends here.
                             [self = shared_from_this()](const boost::system::error_code&,
                                                         std::size_t) { self->close(); });
  }

  std::shared_ptr<AdminServer> server_;
  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer timer_;
  AdminPeer peer_;
  std::array<std::byte, 4096> buffer_{};
  std::vector<std::byte> request_;
  std::vector<std::byte> reply_;   // being written
  std::vector<std::byte> queued_;  // pushed behind it
  bool replied_ = false;
};

AdminServer::AdminServer(boost::asio::io_context& io, base::io::Fd listening,
                         base::io::RightGroups groups,
                         OnRequest on_request, const base::io::Log& log)
    : io_(io),
      listening_(io, listening.release()),
      groups_(groups),
      on_request_(std::move(on_request)),
      log_(log) {}

void AdminServer::start() {
  listening_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        std::bind_front(&AdminServer::after_readable, shared_from_this()));
}

void AdminServer::after_readable(const boost::system::error_code& error) {
  if (error) return;
  start();
  base::io::Fd client(
      ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client) return;
  const AdminPeer peer = base::io::peer_of(client, groups_);
  if (clients_ >= max_clients) return log_.warning("too_many_admin_clients");
  std::make_shared<Client>(shared_from_this(), std::move(client), peer)->start();
}

}  // namespace dom0::io
