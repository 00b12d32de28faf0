// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/dialer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
// After sys/socket.h, whose types it needs.
#include <linux/vm_sockets.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "base/io/fd.hpp"

namespace agent::io {
namespace {

template <class Address>
std::vector<std::byte> raw(const Address& address) {
  const auto bytes = std::as_bytes(std::span(&address, 1));
  return {bytes.begin(), bytes.end()};
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::vector<std::byte>> vsock_address(std::string_view rest) {
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto cid = number<std::uint32_t>(rest.substr(0, colon));
  const auto port = number<std::uint32_t>(rest.substr(colon + 1));
  if (!cid || !port) return std::nullopt;
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = *cid;
  address.svm_port = *port;
  return raw(address);
}

std::optional<std::vector<std::byte>> tcp_address(std::string_view rest) {
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number<std::uint16_t>(rest.substr(colon + 1));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const std::string host(rest.substr(0, colon));
  if (!port || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  address.sin_port = htons(*port);
  return raw(address);
}

std::optional<std::vector<std::byte>> unix_address(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return raw(address);
}

}  // namespace

// One connection on its way: connect, then the hello.
class Dialer::Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(boost::asio::io_context& io, const base::wire::Hello& hello, std::string where,
          OnStream on_stream)
      : socket_(io),
        timer_(io),
        hello_(base::wire::encode_hello(hello)),
        where_(std::move(where)),
        on_stream_(std::move(on_stream)) {}

  void start(int family, const std::vector<std::byte>& address) {
    timer_.expires_after(limit);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->socket_.cancel();
    });
    // Asio's own open() leaves sockets open across exec: a service would inherit the agent's.
    base::io::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const boost::asio::generic::stream_protocol protocol(family,
                                                         family == AF_INET ? IPPROTO_TCP : 0);
    if (!fd) return finish({errno, boost::system::system_category()});
    socket_.assign(protocol, fd.release());
    boost::asio::generic::stream_protocol::endpoint endpoint(address.data(), address.size(),
                                                             family == AF_INET ? IPPROTO_TCP : 0);
    socket_.async_connect(endpoint, std::bind_front(&Attempt::after_connect, shared_from_this()));
  }

 private:
  void after_connect(const boost::system::error_code& error) {
    if (error) return finish(error);
    // A no-op where the transport is not TCP; without it small replies wait for an ACK (Nagle).
    const int on = 1;
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    boost::asio::async_write(socket_, boost::asio::buffer(hello_),
                             [self = shared_from_this()](const boost::system::error_code& failed,
                                                         std::size_t) { self->finish(failed); });
  }

  void finish(const boost::system::error_code& error) {
    timer_.cancel();
    const OnStream on_stream = std::move(on_stream_);
    if (error)
      return on_stream(base::fail("connect to dom0 at " + where_ + ": " + error.message()));
    on_stream(std::move(socket_));
  }

  StreamSocket socket_;
  boost::asio::steady_timer timer_;
  std::array<std::byte, base::wire::hello_size> hello_;
  std::string where_;
  OnStream on_stream_;
};

base::Result<Dialer> Dialer::parse(boost::asio::io_context& io, const std::string& where) {
  const std::string_view text = where;
  std::optional<std::vector<std::byte>> address;
  int family = AF_UNSPEC;
  if (text.starts_with("vsock:")) {
    family = AF_VSOCK;
    address = vsock_address(text.substr(6));
  } else if (text.starts_with("tcp:")) {
    family = AF_INET;
    address = tcp_address(text.substr(4));
  } else if (text.starts_with("unix:")) {
    family = AF_UNIX;
    address = unix_address(text.substr(5));
  }
  if (!address) {
    return base::fail("'" + where + "' is not vsock:CID:PORT, tcp:ADDRESS:PORT or unix:PATH");
  }
  return Dialer(io, where, family, *std::move(address));
}

void Dialer::dial(const base::wire::Hello& hello, OnStream on_stream) const {
  std::make_shared<Attempt>(*io_, hello, where_, std::move(on_stream))->start(family_, address_);
}

}  // namespace agent::io
