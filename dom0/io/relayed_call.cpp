// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/socket.h>

#include "dom0/io/relay.hpp"

namespace dom0::io {

using base::io::SplicePump;

base::Result<std::shared_ptr<RelayedCall>> RelayedCall::make(boost::asio::io_context& io,
                                                             base::io::Fd caller,
                                                             base::io::Fd service,
                                                             HalfClose half_close) {
  for (const base::io::Fd* fd : {&caller, &service}) {
    if (auto done = base::io::set_nonblocking(*fd); !done) return base::fail(done.error().text);
  }
  auto forth = base::io::pipe_pair();
  if (!forth) return base::fail(forth.error().text);
  auto back = base::io::pipe_pair();
  if (!back) return base::fail(back.error().text);
  auto call = std::make_shared<RelayedCall>(io, std::move(caller), std::move(service), half_close);
  call->to_service_ =
      std::make_shared<SplicePump>(call->caller_, call->service_, *std::move(forth));
  call->to_caller_ = std::make_shared<SplicePump>(call->service_, call->caller_, *std::move(back));
  return call;
}

RelayedCall::RelayedCall(boost::asio::io_context& io, base::io::Fd caller, base::io::Fd service,
                         HalfClose half_close)
    : caller_(io, caller.release()), service_(io, service.release()), half_close_(half_close) {}

void RelayedCall::start(OnEnd on_end) {
  on_end_ = std::move(on_end);
  const auto self = shared_from_this();
  to_service_->start([self](SplicePump::End why) { self->after_pump(From::caller, why); });
  to_caller_->start([self](SplicePump::End why) { self->after_pump(From::service, why); });
}

void RelayedCall::stop() {
  on_end_ = {};
  to_service_->stop();
  to_caller_->stop();
  // shutdown first: it reaches the peer even if a copy of the socket is open somewhere.
  ::shutdown(caller_.native_handle(), SHUT_RDWR);
  ::shutdown(service_.native_handle(), SHUT_RDWR);
  boost::system::error_code ignored;
  caller_.close(ignored);
  service_.close(ignored);
}

void RelayedCall::after_pump(From from, SplicePump::End why) {
  const CallEnd closed = from == From::caller ? CallEnd::caller_closed : CallEnd::service_closed;
  const CallEnd other = from == From::caller ? CallEnd::service_closed : CallEnd::caller_closed;
  if (why == SplicePump::End::receiver_failed) return end(other);
  if (why == SplicePump::End::sender_failed || half_close_ == HalfClose::ends_call) {
    return end(closed);
  }
  ::shutdown((from == From::caller ? service_ : caller_).native_handle(), SHUT_WR);
  if (--directions_open_ == 0) end(CallEnd::both_closed);
}

void RelayedCall::end(CallEnd why) {
  const OnEnd on_end = std::move(on_end_);
  stop();
  if (on_end) on_end(why);
}

}  // namespace dom0::io
