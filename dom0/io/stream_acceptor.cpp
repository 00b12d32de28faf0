// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/stream_acceptor.hpp"

#include <sys/socket.h>
// After sys/socket.h, whose types it needs.
#include <linux/vm_sockets.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace dom0::io {
namespace {

constexpr std::chrono::seconds hello_limit{5};

}  // namespace

// Reads one hello within its time; then hands the stream on, or closes it.
class StreamAcceptor::Handshake : public std::enable_shared_from_this<Handshake> {
 public:
  Handshake(std::shared_ptr<StreamAcceptor> owner, std::string qube, StreamSocket socket)
      : owner_(std::move(owner)),
        qube_(std::move(qube)),
        socket_(std::move(socket)),
        timer_(socket_.get_executor()) {}

  void start() {
    timer_.expires_after(hello_limit);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->socket_.cancel();
    });
    // Exactly the hello: what follows belongs to the stream's own reader.
    boost::asio::async_read(socket_, boost::asio::buffer(wire_),
                            std::bind_front(&Handshake::after_read, shared_from_this()));
  }

 private:
  void after_read(const boost::system::error_code& error, std::size_t /*size*/) {
    timer_.cancel();
    owner_->finished(qube_);
    if (error) {
      return owner_->log_.warning("hello_missing", {{"qube", qube_}, {"reason", error.message()}});
    }
    const auto hello = base::wire::parse_hello(wire_);
    if (!hello) {
      return owner_->log_.warning("hello_refused",
                                  {{"qube", qube_}, {"reason", describe(hello.error())}});
    }
    owner_->on_stream_({.qube = qube_, .hello = *hello, .socket = std::move(socket_)});
  }

  std::shared_ptr<StreamAcceptor> owner_;
  std::string qube_;
  StreamSocket socket_;
  boost::asio::steady_timer timer_;
  std::array<std::byte, base::wire::hello_size> wire_{};
};

StreamAcceptor::StreamAcceptor(boost::asio::io_context& io, base::io::Fd listening,
                               Identify identify, OnStream on_stream, const base::io::Log& log)
    : io_(io),
      listening_(io, listening.release()),
      identify_(std::move(identify)),
      on_stream_(std::move(on_stream)),
      log_(log) {}

void StreamAcceptor::start() {
  listening_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        std::bind_front(&StreamAcceptor::after_readable, shared_from_this()));
}

void StreamAcceptor::after_readable(const boost::system::error_code& error) {
  if (error) return;
  accept_all();
  start();
}

void StreamAcceptor::accept_all() {
  for (;;) {
    base::io::Fd fd(
        ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    const auto qube = identify_(fd);
    if (!qube) {
      log_.warning("unknown_peer_refused");
      continue;
    }
    if (handshakes_[*qube] >= max_handshakes_per_qube) {
      log_.warning("too_many_handshakes", {{"qube", *qube}});
      continue;
    }
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    // NOLINTNEXTLINE: the socket API's own cast
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    StreamSocket socket(io_, boost::asio::generic::stream_protocol(address.ss_family, 0),
                        fd.release());
    ++handshakes_[*qube];
    std::make_shared<Handshake>(shared_from_this(), *qube, std::move(socket))->start();
  }
}

void StreamAcceptor::finished(const std::string& qube) {
  const auto found = handshakes_.find(qube);
  if (found != handshakes_.end() && --found->second == 0) handshakes_.erase(found);
}

base::Result<base::io::Fd> listen_vsock(std::uint32_t port) {
  base::io::Fd fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return base::io::fail_errno("vsock", "load the module vhost_vsock (or vsock_loopback)");
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_port = port;
  address.svm_cid = VMADDR_CID_ANY;
  // NOLINTNEXTLINE: the socket API's own cast
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return base::io::fail_errno("bind vsock port " + std::to_string(port),
                                "is another sallyportd running?");
  }
  if (::listen(fd.get(), 64) != 0) return base::io::fail_errno("listen vsock");
  return fd;
}

std::optional<std::uint32_t> peer_cid(const base::io::Fd& socket) {
  sockaddr_vm address{};
  socklen_t size = sizeof(address);
  // NOLINTNEXTLINE: the socket API's own cast
  if (::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return std::nullopt;
  }
  if (address.svm_family != AF_VSOCK) return std::nullopt;
  return address.svm_cid;
}

}  // namespace dom0::io
