// SPDX-License-Identifier: GPL-2.0-or-later
// The relay process: holds both ends of every call, joins them, and outlives the daemon.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/splice_pump.hpp"
#include "dom0/relay_protocol.hpp"

namespace dom0::io {

// One call: two streams and a pump each way.
class RelayedCall : public std::enable_shared_from_this<RelayedCall> {
 public:
  using OnEnd = std::function<void(CallEnd)>;

  static base::Result<std::shared_ptr<RelayedCall>> make(boost::asio::io_context& io,
                                                         base::io::Fd caller, base::io::Fd service,
                                                         HalfClose half_close);
  // Use make().
  RelayedCall(boost::asio::io_context& io, base::io::Fd caller, base::io::Fd service,
              HalfClose half_close);

  void start(OnEnd on_end);
  // Shuts both streams down; on_end does not run.
  void stop();
  std::uint64_t bytes_to_service() const { return to_service_->bytes(); }
  std::uint64_t bytes_to_caller() const { return to_caller_->bytes(); }

 private:
  enum class From { caller, service };
  void after_pump(From from, base::io::SplicePump::End why);
  void end(CallEnd why);

  boost::asio::posix::stream_descriptor caller_;
  boost::asio::posix::stream_descriptor service_;
  HalfClose half_close_;
  std::shared_ptr<base::io::SplicePump> to_service_;
  std::shared_ptr<base::io::SplicePump> to_caller_;
  int directions_open_ = 2;
  OnEnd on_end_;
};

class Relay {
 public:
  static constexpr std::size_t max_calls = 256;
  static constexpr std::size_t max_unreported = 256;

  // `away_limit`: how long calls live on without a daemon. `listening` is a SEQPACKET socket.
  Relay(boost::asio::io_context& io, base::io::Fd listening, std::chrono::seconds away_limit,
        const base::io::Log& log);
  // A call and its pumps hold each other until it is stopped.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  void start();

 private:
  struct Entry {
    std::shared_ptr<RelayedCall> call;
    std::vector<std::byte> record;
  };

  void accept();
  void after_accept(const boost::system::error_code& error);
  void read();
  void after_read(const boost::system::error_code& error);
  void handle(const RelayRequest& request, std::vector<base::io::Fd> fds);
  void add(const RelayRequest& request, std::vector<base::io::Fd> fds);
  void list();
  void ended(CallId id, CallEnd why);
  void report(const RelayReport& report);
  void daemon_left();

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor listening_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> daemon_;
  boost::asio::steady_timer away_timer_;
  std::chrono::seconds away_limit_;
  const base::io::Log& log_;
  std::map<CallId, Entry> calls_;
  std::deque<RelayReport> unreported_;  // ends that no daemon has heard of, oldest dropped
};

}  // namespace dom0::io
