// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/control.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace blockproxy::snapshot {

Control::Control(boost::asio::io_context& io, base::io::Fd supervisor, Server& server,
                 std::string unusable, const base::io::Log& log)
    : io_(io),
      supervisor_(std::move(supervisor)),
      readable_(io, ::dup(supervisor_.get())),
      server_(server),
      unusable_(std::move(unusable)),
      log_(log),
      timer_(io) {}

void Control::start() {
  was_there_ = server_.store() != nullptr;
  server_.on_change([this] {
    notice();
    const std::vector<std::shared_ptr<Session>> sessions(sessions_.begin(), sessions_.end());
    for (const auto& each : sessions) each->look();
  });
  wait();
  rest();
}

void Control::wait() {
  readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (!error) receive();
                       });
}

void Control::receive() {
  auto message = base::io::receive_message(supervisor_, max_request);
  if (!message) {
    log_.error("request_unreadable", {{"reason", message.error().text}});
    return wait();
  }
  if (message->would_block) return wait();
  // Without a supervisor nobody comes any more, and nobody watches over this process.
  if (message->data.empty()) return io_.stop();
  take(*std::move(message));
  wait();
}

void Control::take(base::io::Message message) {
  ++taken_;
  timer_.cancel();
  const auto request = parse_request(base::wire::as_text(message.data));
  if (!request || message.fds.empty() || message.fds.size() > 2 ||
      sessions_.size() >= max_sessions) {
    log_.warning("request_refused", {{"reason", request ? "descriptors" : request.error().text}});
    return rest();
  }
  if (!unusable_.empty() && request->verb != Verb::drop) {
    // It goes with this message; a failed one is no loss.
    (void)base::io::send_message(message.fds[0], base::wire::as_bytes("failed " + unusable_));
    return rest();
  }
  base::io::Fd attached;
  if (message.fds.size() == 2) attached = std::move(message.fds[1]);
  auto session = std::make_shared<Session>(io_, server_, *request, std::move(message.fds[0]),
                                           std::move(attached));
  sessions_.push_back(session);
  session->start([this](const Session* each) { ended(each); });
  notice();
}

void Control::ended(const Session* session) {
  const bool dropped = session->dropped();
  std::erase_if(sessions_, [session](const auto& each) { return each.get() == session; });
  notice();
  if (dropped) return io_.stop();
  rest();
}

void Control::notice() {
  const bool there = server_.store() != nullptr;
  if (there != was_there_) say("changed");
  was_there_ = there;
}

// Not at once: whoever asks for one thing often asks for another.
void Control::rest() {
  if (!sessions_.empty() || !server_.idle()) return;
  timer_.expires_after(linger);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && sessions_.empty() && server_.idle()) say("idle " + std::to_string(taken_));
  });
}

void Control::say(const std::string& text) {
  const auto sent = base::io::send_message(supervisor_, base::wire::as_bytes(text));
  if (!sent) log_.warning("supervisor_unreachable", {{"reason", sent.error().text}});
}

}  // namespace blockproxy::snapshot
