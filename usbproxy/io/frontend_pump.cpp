// SPDX-License-Identifier: GPL-2.0-or-later
// Pump: see the header.
#include "usbproxy/io/frontend_pump.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/device/attachment_end.hpp"

namespace usbproxy::io {
namespace {

using boost::asio::posix::descriptor_base;
using boost::system::error_code;
using std::chrono::steady_clock;

// How long the last answers may take to leave.
constexpr int drain_ms = 2000;
// Reads of one side in one turn, so that a flood from one side does not starve the other.
constexpr int max_reads_per_turn = 8;

enum class ReadResult { some, none, end };

template <class Prepare>
ReadResult read_some(int fd, Prepare prepare, std::size_t& count) {
  const std::span<std::byte> room = prepare();
  if (room.empty()) return ReadResult::none;  // cannot happen: every packet was taken
  for (;;) {
    const ssize_t result = ::read(fd, room.data(), room.size());
    if (result > 0) {
      count = static_cast<std::size_t>(result);
      return ReadResult::some;
    }
    if (result == 0) return ReadResult::end;
    if (errno == EINTR) continue;
    return errno == EAGAIN ? ReadResult::none : ReadResult::end;
  }
}

}  // namespace

Pump::Pump(boost::asio::io_context& context, Ends stream, const Middle& middle, Attach attach)
    : context_(context),
      timer_(context),
      signals_(context, SIGTERM, SIGINT),
      source_(middle.source),
      session_(middle.session),
      target_(middle.target),
      stream_(context),
      target_side_(context),
      attach_(std::move(attach)) {
  open(stream_, std::move(stream), source_.out());
  signals_.async_wait(std::bind_front(&Pump::signalled, this));
}

void Pump::open(Side& side, Ends ends, OutQueue& queue) {
  side.socket.assign(ends.in.release());
  if (ends.out) side.own_out.assign(ends.out.release());
  side.socket.non_blocking(true);
  side.out().non_blocking(true);
  queue.set_writer(
      [&side](std::span<const base::wire::Bytes> parts) { return write_parts(side, parts); });
}

int Pump::Outcome::exit_code() const {
  if (!attached) return 1;
  switch (end.reason) {
    case EndReason::target_detached:
    case EndReason::stopped:
      return 0;
    case EndReason::unplugged:
    case EndReason::stream_closed:
      return base::device::exit_device_left;
    case EndReason::changed:
      return base::device::exit_device_changed;
    case EndReason::injection:
      return base::device::exit_device_types;
    case EndReason::refused:
    case EndReason::silent:
    case EndReason::violation:
    case EndReason::kernel_violation:
      return 1;
  }
  return 1;
}

Pump::Outcome Pump::run() {
  wait_stream();
  turn();
  context_.run();
  drain(target_side_, target_.out());
  drain(stream_, source_.out());
  return {.attached = attached_, .end = session_.end().value_or(End{})};
}

void Pump::wait_stream() {
  stream_.socket.async_wait(descriptor_base::wait_read,
                            std::bind_front(&Pump::stream_readable, this));
}

void Pump::wait_target() {
  if (waiting_target_ || !target_.reading()) return;
  waiting_target_ = true;
  target_side_.socket.async_wait(descriptor_base::wait_read,
                                 std::bind_front(&Pump::target_readable, this));
}

void Pump::stream_readable(const error_code& error) {
  if (error || session_.end()) return;
  for (int i = 0; i < max_reads_per_turn && !session_.end(); ++i) {
    std::size_t count = 0;
    std::size_t room = 0;
    const auto result = read_some(
        stream_.socket.native_handle(),
        [this, &room] {
          const auto space = source_.prepare();
          room = space.size();
          return space;
        },
        count);
    if (result == ReadResult::end) source_.closed(steady_clock::now());
    if (result != ReadResult::some) break;
    source_.arrived(count, steady_clock::now());
    if (count < room) break;  // that was all: save the read that says so
  }
  attach_if_ready();
  turn();
  if (!session_.end()) wait_stream();
}

void Pump::target_readable(const error_code& error) {
  waiting_target_ = false;
  if (error || session_.end()) return;
  for (int i = 0; i < max_reads_per_turn && !session_.end(); ++i) {
    std::size_t count = 0;
    std::size_t room = 0;
    const auto result = read_some(
        target_side_.socket.native_handle(),
        [this, &room] {
          const auto space = target_.prepare();
          room = space.size();
          return space;
        },
        count);
    if (result == ReadResult::end) target_.closed(steady_clock::now());
    if (result != ReadResult::some) break;
    target_.arrived(count, steady_clock::now());
    if (count < room || !target_.reading()) break;
  }
  turn();
}

void Pump::attach_if_ready() {
  if (attached_ || !session_.ready() || session_.end()) return;
  auto ends = attach_(session_.device());
  if (!ends) return session_.refuse(ends.error().text, steady_clock::now());
  attached_ = true;
  open(target_side_, std::move(*ends), target_.out());
}

// After everything that changes the session: write, and see when it wants to be called again.
void Pump::turn() {
  target_.turn(steady_clock::now());
  source_.turn(steady_clock::now());
  flush(stream_, source_.out());
  if (attached_) flush(target_side_, target_.out());
  // One that is not read from while it does not read shows its end by that alone.
  if (target_side_.broken && !target_.reading()) target_.closed(steady_clock::now());
  if (session_.end()) return context_.stop();
  if (attached_) wait_target();
  arm_timer();
}

void Pump::flush(Side& side, OutQueue& queue) {
  if (!side.writing) queue.flush();
  if (side.writing || side.broken || queue.empty()) return;
  side.writing = true;
  side.out().async_wait(descriptor_base::wait_write, [this, &side, &queue](const error_code& e) {
    side.writing = false;
    if (e) return;
    flush(side, queue);
    if (&side == &target_side_ && !session_.end()) turn();  // it may be read from again
  });
}

// A side that failed is not written to any more; its reader sees the end.
std::size_t Pump::write_parts(Side& side, std::span<const base::wire::Bytes> parts) {
  constexpr std::size_t max_parts = 4;
  if (side.broken || side.writing) return 0;
  std::array<iovec, max_parts> vectors{};
  const std::size_t count = std::min(parts.size(), max_parts);
  for (std::size_t i = 0; i < count; ++i) {
    vectors[i] = {.iov_base = const_cast<std::byte*>(parts[i].data()),  // NOLINT: not written to
                  .iov_len = parts[i].size()};
  }
  for (;;) {
    const ssize_t written =
        ::writev(side.out().native_handle(), vectors.data(), static_cast<int>(count));
    if (written >= 0) return static_cast<std::size_t>(written);
    if (errno == EINTR) continue;
    side.broken = errno != EAGAIN;
    return 0;
  }
}

void Pump::arm_timer() {
  const Time next = std::min(session_.next_deadline(), source_.next_deadline());
  // An earlier expiry finds nothing due and arms anew: cheaper than moving the timer per request.
  if (next >= timer_at_) return;
  timer_at_ = next;
  timer_.expires_at(next);
  timer_.async_wait(std::bind_front(&Pump::timer_expired, this));
}

void Pump::timer_expired(const error_code& error) {
  if (error) return;  // moved to an earlier time
  timer_at_ = Time::max();
  source_.tick(steady_clock::now());
  session_.tick(steady_clock::now());
  turn();
}

void Pump::signalled(const error_code& error, int /*number*/) {
  if (error) return;
  session_.stop(steady_clock::now());
  turn();
}

void Pump::drain(Side& side, OutQueue& queue) {
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(drain_ms);
  side.writing = false;
  while (side.socket.is_open() && !side.broken && !queue.empty()) {
    queue.flush();
    if (queue.empty() || side.broken) break;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    pollfd one{.fd = side.out().native_handle(), .events = POLLOUT, .revents = 0};
    if (left <= 0 || ::poll(&one, 1, static_cast<int>(left)) == 0) break;
  }
  error_code ignored;  // nothing to do about a failing close
  if (side.own_out.is_open()) side.own_out.close(ignored);
  if (side.socket.is_open()) side.socket.close(ignored);
}

}  // namespace usbproxy::io
