// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/dom0_call.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include "base/wire/escape.hpp"

namespace dom0::io {

Dom0Call::Dom0Call(Switchboard& board, std::string qube, std::string service, std::string input)
    : board_(board),
      qube_(std::move(qube)),
      service_(std::move(service)),
      input_(std::move(input)),
      timer_(board.io) {}

void Dom0Call::start(OnDone on_done) {
  on_done_ = std::move(on_done);
  auto request = policy::parse_request("dom0", qube_, service_);
  if (!request) return fail(request.error().text);
  QubeLink* link = board_.link(qube_);
  if (link == nullptr) {
    return fail("qube " + qube_ + " is not running; start it with: sallyport-qube start " + qube_);
  }
  if (auto recorded = board_.audit.allowed(*request, qube_); !recorded) {
    return fail(recorded.error().text);
  }
  const auto token =
      board_.pending.expect(qube_, [self = shared_from_this()](base::Result<StreamSocket> stream) {
        self->after_stream(std::move(stream));
      });
  if (!token) return fail(token.error().text);
  call_ = board_.new_call();
  link->send(agent::CallStart{.call = call_,
                              .token = *token,
                              .service = service_,
                              .source = "dom0",
                              .requested_target = qube_});
  timer_.expires_after(limit);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->fail("no answer within " + std::to_string(limit.count()) + " s");
  });
}

void Dom0Call::after_stream(base::Result<StreamSocket> stream) {
  if (done()) return;
  if (!stream) return fail(stream.error().text);
  stream_ = *std::move(stream);
  boost::asio::async_write(*stream_, boost::asio::buffer(input_),
                           std::bind_front(&Dom0Call::after_write, shared_from_this()));
  read();
}

void Dom0Call::after_write(const boost::system::error_code& error, std::size_t /*size*/) {
  // A service that does not read its input is no mistake; its exit code tells.
  boost::system::error_code ignored;
  if (!error && stream_) stream_->shutdown(StreamSocket::shutdown_send, ignored);
}

void Dom0Call::read() {
  stream_->async_read_some(boost::asio::buffer(buffer_),
                           std::bind_front(&Dom0Call::after_read, shared_from_this()));
}

void Dom0Call::after_read(const boost::system::error_code& error, std::size_t size) {
  if (done()) return;
  if (error) {
    at_end_ = true;
    return finish_if_whole();
  }
  if (answer_.size() + size > max_answer) {
    return fail("the answer is longer than " + std::to_string(max_answer) + " bytes");
  }
  answer_.append(buffer_.data(), size);
  read();
}

void Dom0Call::exited(const std::string& qube, const agent::CallExited& exited) {
  if (done() || qube != qube_ || exited.call != call_) return;
  exit_ = exited;
  if (!stream_) return fail(exited.reason);  // it never started
  finish_if_whole();
}

void Dom0Call::link_down(const std::string& qube) {
  if (qube == qube_) fail("the connection to " + qube + " was lost");
}

void Dom0Call::finish_if_whole() {
  if (!at_end_ || !exit_) return;
  if (exit_->exit_code != 0) {
    return fail(exit_->reason.empty() ? "exit code " + std::to_string(exit_->exit_code)
                                      : exit_->reason);
  }
  timer_.cancel();
  stream_.reset();
  const OnDone done = std::move(on_done_);
  on_done_ = {};
  done(std::move(answer_));
}

void Dom0Call::fail(const std::string& reason) {
  if (done()) return;
  timer_.cancel();
  stream_.reset();
  if (QubeLink* link = board_.link(qube_); link != nullptr && !exit_ && call_.value != 0) {
    link->send(agent::CallCancel{.call = call_});
  }
  const OnDone done = std::move(on_done_);
  on_done_ = {};
  done(
      base::fail(service_ + " in " + qube_ + ": " + base::wire::escape(reason, agent::max_reason)));
}

}  // namespace dom0::io
