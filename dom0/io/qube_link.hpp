// SPDX-License-Identifier: GPL-2.0-or-later
// dom0's end of one qube's control connection.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/control.hpp"
#include "base/io/channel.hpp"
#include "base/io/log.hpp"
#include "dom0/io/stream_acceptor.hpp"

namespace dom0::io {

// Answers the hello, parses frames, pings. A peer that breaks the protocol or stays silent is cut
// off, and the reason goes to on_down; one that floods is read more slowly. The qube's name comes
// from the transport.
class QubeLink : public std::enable_shared_from_this<QubeLink> {
 public:
  static constexpr std::chrono::seconds ping_every{10};
  // A qube that answers none may be paused or suspended, and its streams with it: it is cut off
  // later. One whose machine has ended has closed its connection.
  static constexpr std::chrono::seconds longest_silence{600};
  // A qube that says more waits for the next second: its socket fills, nothing is lost.
  static constexpr std::uint32_t max_frames_per_second = 5000;

  using OnMessage = std::function<void(const std::string& qube, const agent::FromAgent&)>;
  using OnDown = std::function<void(const std::string& qube, const std::string& reason)>;

  // `features`: what the agent's hello said.
  QubeLink(std::string qube, std::uint64_t features, StreamSocket socket, const base::io::Log& log);
  void start(OnMessage on_message, OnDown on_down);
  void send(const agent::FromDom0& message);
  void close();
  const std::string& qube() const { return qube_; }
  bool has(std::uint64_t feature) const { return (features_ & feature) != 0; }
  // It owes the answer to a ping.
  bool silent() const { return silent_for_.count() != 0; }

 private:
  void after_frame(base::wire::Bytes untrusted);
  void pace();
  void ping();
  void down(const std::string& reason);

  std::string qube_;
  std::uint64_t features_;
  const base::io::Log& log_;
  boost::asio::steady_timer timer_;
  StreamSocket socket_;  // until the hello is written; then the channel's
  std::array<std::byte, base::wire::hello_size> hello_{};
  std::shared_ptr<base::io::Channel> channel_;
  OnMessage on_message_;
  OnDown on_down_;
  std::uint64_t pings_ = 0;
  std::uint64_t pongs_ = 0;
  std::chrono::seconds silent_for_{0};  // in whole periods
  std::uint32_t frames_ = 0;            // in this second
  std::chrono::steady_clock::time_point second_ = {};
  boost::asio::steady_timer pause_;
};

}  // namespace dom0::io
