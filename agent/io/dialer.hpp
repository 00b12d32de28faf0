// SPDX-License-Identifier: GPL-2.0-or-later
// Opens connections to dom0, over whatever this qube has.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/wire/hello.hpp"
#include "base/wire/result.hpp"

namespace agent::io {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

class Dialer {
 public:
  static constexpr std::chrono::seconds limit{10};
  using OnStream = std::function<void(base::Result<StreamSocket>)>;

  // "vsock:CID:PORT", "tcp:ADDRESS:PORT" (dotted IPv4) or "unix:PATH".
  static base::Result<Dialer> parse(boost::asio::io_context& io, const std::string& where);

  // Connects and writes the hello, within the limit. `on_stream` runs once.
  void dial(const base::wire::Hello& hello, OnStream on_stream) const;
  const std::string& where() const { return where_; }

 private:
  class Attempt;

  Dialer(boost::asio::io_context& io, std::string where, int family, std::vector<std::byte> address)
      : io_(&io), where_(std::move(where)), family_(family), address_(std::move(address)) {}

  boost::asio::io_context* io_;  // outlives the dialer
  std::string where_;
  int family_;
  std::vector<std::byte> address_;  // a sockaddr of that family
};

}  // namespace agent::io
