// SPDX-License-Identifier: GPL-2.0-or-later
// Takes connections of qubes, learns from the transport whose they are, and reads their hello.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "base/wire/hello.hpp"

namespace dom0::io {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

struct IncomingStream {
  std::string qube;
  base::wire::Hello hello;
  StreamSocket socket;
};

// One listening socket. A peer that says nothing holds a slot for at most five seconds, and one
// qube at most `max_handshakes_per_qube` slots.
class StreamAcceptor : public std::enable_shared_from_this<StreamAcceptor> {
 public:
  static constexpr std::size_t max_handshakes_per_qube = 16;

  // The qube at the other end of an accepted socket; nothing: unknown, closed at once.
  using Identify = std::function<std::optional<std::string>(const base::io::Fd&)>;
  using OnStream = std::function<void(IncomingStream)>;

  StreamAcceptor(boost::asio::io_context& io, base::io::Fd listening, Identify identify,
                 OnStream on_stream, const base::io::Log& log);
  void start();

 private:
  class Handshake;

  void after_readable(const boost::system::error_code& error);
  void accept_all();
  void finished(const std::string& qube);

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor listening_;
  Identify identify_;
  OnStream on_stream_;
  const base::io::Log& log_;
  std::map<std::string, std::size_t> handshakes_;
};

// AF_VSOCK, any CID, non-blocking. Fails where the host has no vsock.
base::Result<base::io::Fd> listen_vsock(std::uint32_t port);
// The peer's CID of an accepted vsock connection.
std::optional<std::uint32_t> peer_cid(const base::io::Fd& socket);

}  // namespace dom0::io
