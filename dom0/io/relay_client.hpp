// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon's connection to its relay process.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "base/io/log.hpp"
#include "base/wire/result.hpp"
#include "dom0/io/stream_acceptor.hpp"
#include "dom0/relay_protocol.hpp"

namespace dom0::io {

// Connects, lists what the relay holds, and reconnects each second when it is gone.
class RelayClient {
 public:
  struct Handlers {
    std::function<void(const RelayReport&)> on_entry;  // one that the relay already holds
    std::function<void()> on_ready;                    // all entries were told
    std::function<void(const RelayReport&)> on_ended;
    std::function<void()> on_lost;  // with it all calls are gone
  };

  RelayClient(boost::asio::io_context& io, std::filesystem::path socket, const base::io::Log& log);
  void start(Handlers handlers);
  bool ready() const { return ready_; }

  // Hands both streams over. Fails when the relay is not there.
  base::Status add(CallId call, HalfClose half_close, StreamSocket caller, StreamSocket service,
                   std::vector<std::byte> record);
  void set_record(CallId call, std::vector<std::byte> record);
  void end(CallId call);

 private:
  void connect();
  void read();
  void after_read(const boost::system::error_code& error);
  base::Status send(const RelayRequest& request, const std::vector<const base::io::Fd*>& fds);
  void lost(const std::string& reason);

  boost::asio::io_context& io_;
  std::filesystem::path path_;
  const base::io::Log& log_;
  Handlers handlers_;
  base::io::Fd socket_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> readable_;  // a duplicate, for waiting
  boost::asio::steady_timer retry_;
  bool ready_ = false;
};

}  // namespace dom0::io
