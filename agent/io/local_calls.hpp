// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's socket for programs of this qube that want to call a service elsewhere.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/control.hpp"
#include "agent/io/dialer.hpp"
#include "base/io/fd.hpp"

namespace agent::io {

// One message in ("call TARGET SERVICE[+ARG]"), one out ("ok" with the stream, or
// "refused CODE REASON"), and after "ok" one more when the service has ended ("exited CODE
// REASON"); see docs/protocol.md 2.
class LocalCalls {
 public:
  static constexpr std::size_t max_clients = 16;
  static constexpr std::size_t max_message = 256;

  using OnCall =
      std::function<void(RequestId, const std::string& target, const std::string& service)>;

  // `listening`: a non-blocking SEQPACKET socket.
  LocalCalls(boost::asio::io_context& io, base::io::Fd listening, OnCall on_call);
  void start();

  // A client that is gone loses the stream, which closes: dom0 sees that.
  void accept(RequestId request, StreamSocket stream);
  void refuse(RequestId request, int code, const std::string& reason);
  // The service has ended; before accept() this is kept until then.
  void ended(RequestId request, int code, const std::string& reason);
  // The connection to dom0 is lost: nobody will answer these any more, or tell how they ended.
  void refuse_all(const std::string& reason);

 private:
  struct Client;

  void after_readable(const boost::system::error_code& error);
  void read(RequestId id);
  void after_client(RequestId id, const boost::system::error_code& error);
  // Sends the last message to the client and forgets it.
  void finish(RequestId id, std::string_view word, int code, const std::string& reason);

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor listening_;
  OnCall on_call_;
  std::map<RequestId, std::shared_ptr<Client>> clients_;
  std::uint32_t next_ = 1;
};

}  // namespace agent::io
