// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of the control connection: dials, says hello, and dials again when it is lost.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "agent/control.hpp"
#include "agent/io/dialer.hpp"
#include "base/io/channel.hpp"
#include "base/io/log.hpp"

namespace agent::io {

// Never gives up: waits 0.2 s, then twice as long each time, at most 5 s.
class Session {
 public:
  struct Handlers {
    std::function<void()> on_up;
    std::function<void(const FromDom0&)> on_message;
    std::function<void()> on_down;
  };

  Session(boost::asio::io_context& io, Dialer dialer, const base::io::Log& log);
  void start(Handlers handlers);
  void send(const FromAgent& message);
  bool up() const { return channel_ != nullptr; }

 private:
  void connect();
  void after_dial(base::Result<StreamSocket> stream);
  void after_hello(const boost::system::error_code& error, std::size_t size);
  void after_frame(base::wire::Bytes frame);
  void lost(const std::string& reason);

  Dialer dialer_;
  const base::io::Log& log_;
  base::wire::Token life_;  // the same in every hello: dom0 sees that it is still this agent
  Handlers handlers_;
  boost::asio::steady_timer timer_;
  std::chrono::milliseconds wait_{200};
  std::unique_ptr<StreamSocket> socket_;  // while the hello is exchanged
  std::array<std::byte, base::wire::hello_size> hello_{};
  std::shared_ptr<base::io::Channel> channel_;
};

}  // namespace agent::io
