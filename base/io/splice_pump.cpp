// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/splice_pump.hpp"

#include <fcntl.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace base::io {
namespace {

constexpr int pipe_size = 1 << 20;   // what an unprivileged process may ask for by default
constexpr int rounds_per_turn = 16;  // then other calls get their turn

ssize_t splice_some(int from, int to, std::size_t size) {
  for (;;) {
    const ssize_t moved =
        ::splice(from, nullptr, to, nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved >= 0 || errno != EINTR) return moved;
  }
}

}  // namespace

SplicePump::SplicePump(Descriptor& from, Descriptor& to, FdPair pipe)
    : from_(from), to_(to), pipe_(std::move(pipe)) {
  // A smaller pipe (the user's quota is used up) is slower, not wrong.
  ::fcntl(pipe_.first.get(), F_SETPIPE_SZ, pipe_size);
}

void SplicePump::start(OnEnd on_end) {
  if (stopped_) return;  // its sibling has ended the call already
  on_end_ = std::move(on_end);
  run();
}

void SplicePump::stop() {
  stopped_ = true;
  on_end_ = {};
}

void SplicePump::run() {
  for (int round = 0; round < rounds_per_turn; ++round) {
    if (stopped_) return;
    if ((in_pipe_ == 0 ? fill() : drain()) != Step::again) return;
  }
  boost::asio::post(from_.get_executor(), [self = shared_from_this()] { self->run(); });
}

SplicePump::Step SplicePump::fill() {
  const ssize_t moved = splice_some(from_.native_handle(), pipe_.second.get(), pipe_size);
  if (moved > 0) {
    in_pipe_ = static_cast<std::size_t>(moved);
    return Step::again;
  }
  if (moved == 0) {
    end(End::eof);
    return Step::ended;
  }
  if (errno != EAGAIN) {
    end(End::sender_failed);
    return Step::ended;
  }
  wait(from_, Descriptor::wait_read);
  return Step::wait;
}

SplicePump::Step SplicePump::drain() {
  const ssize_t moved = splice_some(pipe_.first.get(), to_.native_handle(), in_pipe_);
  if (moved > 0) {
    in_pipe_ -= static_cast<std::size_t>(moved);
    bytes_ += static_cast<std::uint64_t>(moved);
    return Step::again;
  }
  if (moved == 0 || errno != EAGAIN) {
    end(End::receiver_failed);
    return Step::ended;
  }
  wait(to_, Descriptor::wait_write);
  return Step::wait;
}

void SplicePump::wait(Descriptor& descriptor, Descriptor::wait_type type) {
  descriptor.async_wait(type, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error) {
      if (!self->stopped_ && error != boost::asio::error::operation_aborted) {
        self->end(End::sender_failed);
      }
      return;
    }
    self->run();
  });
}

void SplicePump::end(End why) {
  stopped_ = true;
  const OnEnd on_end = std::move(on_end_);
  if (on_end) on_end(why);
}

}  // namespace base::io
