// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/relay.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include "base/io/unix_socket.hpp"

namespace dom0::io {

Relay::Relay(boost::asio::io_context& io, base::io::Fd listening, std::chrono::seconds away_limit,
             const base::io::Log& log)
    : io_(io),
      listening_(io, listening.release()),
      away_timer_(io),
      away_limit_(away_limit),
      log_(log) {}

Relay::~Relay() {
  for (const auto& [id, entry] : calls_) entry.call->stop();
}

void Relay::start() {
  daemon_left();
  accept();
}

void Relay::accept() {
  listening_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) { after_accept(error); });
}

void Relay::after_accept(const boost::system::error_code& error) {
  if (error) return;
  base::io::Fd client(
      ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  accept();
  if (!client) return;
  const auto peer = base::io::peer_credentials(client);
  if (!peer || (peer->uid != ::getuid() && peer->uid != 0)) {
    return log_.warning("daemon_refused", {{"uid", peer ? std::to_string(peer->uid) : "?"}});
  }
  // The newest daemon is the master; an older one has crashed or is being replaced.
  daemon_ = std::make_unique<boost::asio::posix::stream_descriptor>(io_, client.release());
  away_timer_.cancel();
  log_.info("daemon_connected", {{"calls", std::to_string(calls_.size())}});
  read();
}

void Relay::read() {
  daemon_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, which = daemon_.get()](const boost::system::error_code& error) {
                        if (which == daemon_.get()) after_read(error);
                      });
}

void Relay::after_read(const boost::system::error_code& error) {
  if (error) return daemon_left();
  base::io::Fd borrowed(daemon_->native_handle());
  auto message = base::io::receive_message(borrowed, max_relay_message);
  static_cast<void>(borrowed.release());
  if (message && message->would_block) return read();
  if (!message || message->data.empty()) return daemon_left();
  const auto request = parse_relay_request(message->data);
  if (!request) {
    log_.error("daemon_request_malformed");
    return daemon_left();
  }
  handle(*request, std::move(message->fds));
  if (daemon_) read();
}

void Relay::handle(const RelayRequest& request, std::vector<base::io::Fd> fds) {
  const auto found = calls_.find(request.call);
  switch (request.type) {
    case RelayRequest::Type::add:
      return add(request, std::move(fds));
    case RelayRequest::Type::set_record:
      if (found != calls_.end()) found->second.record = request.record;
      return;
    case RelayRequest::Type::end:
      if (found == calls_.end()) return;
      found->second.call->stop();
      return ended(request.call, CallEnd::ended_by_daemon);
    case RelayRequest::Type::list:
      return list();
  }
}

void Relay::add(const RelayRequest& request, std::vector<base::io::Fd> fds) {
  if (fds.size() != 2 || calls_.contains(request.call) || calls_.size() >= max_calls) {
    return report({.type = RelayReport::Type::ended,
                   .call = request.call,
                   .end = CallEnd::too_many_calls,
                   .record = request.record});
  }
  auto call = RelayedCall::make(io_, std::move(fds[0]), std::move(fds[1]), request.half_close);
  if (!call) {
    log_.error("call_not_started", {{"reason", call.error().text}});
    return report({.type = RelayReport::Type::ended,
                   .call = request.call,
                   .end = CallEnd::too_many_calls,
                   .record = request.record});
  }
  calls_.emplace(request.call, Entry{.call = *call, .record = request.record});
  (*call)->start([this, id = request.call](CallEnd why) { ended(id, why); });
}

void Relay::list() {
  for (const auto& [id, entry] : calls_) {
    report({.type = RelayReport::Type::entry,
            .call = id,
            .bytes_to_service = entry.call->bytes_to_service(),
            .bytes_to_caller = entry.call->bytes_to_caller(),
            .record = entry.record});
  }
  while (!unreported_.empty() && daemon_) {
    const RelayReport next = std::move(unreported_.front());
    unreported_.pop_front();
    report(next);
  }
  report({.type = RelayReport::Type::list_end});
}

void Relay::ended(CallId id, CallEnd why) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const RelayReport ended{.type = RelayReport::Type::ended,
                          .call = id,
                          .end = why,
                          .bytes_to_service = found->second.call->bytes_to_service(),
                          .bytes_to_caller = found->second.call->bytes_to_caller(),
                          .record = std::move(found->second.record)};
  calls_.erase(found);
  log_.info("call_ended", {{"call", std::to_string(id.value)},
                           {"why", describe(why)},
                           {"to_service", std::to_string(ended.bytes_to_service)},
                           {"to_caller", std::to_string(ended.bytes_to_caller)}});
  report(ended);
}

void Relay::report(const RelayReport& report) {
  if (daemon_) {
    base::io::Fd borrowed(daemon_->native_handle());
    const auto sent = base::io::send_message(borrowed, encode(report));
    static_cast<void>(borrowed.release());
    if (sent) return;
    log_.error("daemon_not_listening", {{"reason", sent.error().text}});
    daemon_left();
  }
  if (report.type != RelayReport::Type::ended) return;
  if (unreported_.size() == max_unreported) unreported_.pop_front();
  unreported_.push_back(report);
}

void Relay::daemon_left() {
  if (daemon_) log_.warning("daemon_left", {{"calls", std::to_string(calls_.size())}});
  daemon_.reset();
  away_timer_.expires_after(away_limit_);
  away_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || daemon_) return;
    while (!calls_.empty()) {
      const auto first = calls_.begin();
      first->second.call->stop();
      ended(first->first, CallEnd::daemon_away);
    }
  });
}

}  // namespace dom0::io
