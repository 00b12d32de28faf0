// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/guest/relay.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace attacks {
namespace {

constexpr std::size_t chunk = std::size_t{128} * 1024;

}  // namespace

Relay::Relay(base::io::Fd backend, base::io::Fd frontend)
    : last_(std::chrono::steady_clock::now()) {
  (void)base::io::set_nonblocking(backend);
  (void)base::io::set_nonblocking(frontend);
  backend_.end = std::move(backend);
  frontend_.end = std::move(frontend);
}

bool Relay::turn(std::chrono::milliseconds most) {
  const auto events = [](const Side& from, const Side& to) {
    return static_cast<short>((from.waiting.empty() ? POLLIN : 0) |
                              (to.waiting.empty() ? 0 : POLLOUT));
  };
  std::array<pollfd, 2> ends{
      {{.fd = backend_.end.get(), .events = events(backend_, frontend_), .revents = 0},
       {.fd = frontend_.end.get(), .events = events(frontend_, backend_), .revents = 0}}};
  if (::poll(ends.data(), ends.size(), static_cast<int>(most.count())) <= 0) return true;
  return move(backend_, frontend_, ends[0].revents, ends[1].revents) &&
         move(frontend_, backend_, ends[1].revents, ends[0].revents);
}

bool Relay::move(Side& from, Side& to, short from_events, short to_events) {
  if ((to_events & POLLOUT) != 0 && !from.waiting.empty()) {
    const ssize_t put = ::write(to.end.get(), from.waiting.data(), from.waiting.size());
    if (put < 0 && errno != EAGAIN) return false;
    if (put > 0) from.waiting.erase(from.waiting.begin(), from.waiting.begin() + put);
  }
  if (!from.waiting.empty() || (from_events & (POLLIN | POLLHUP | POLLERR)) == 0) return true;
  from.waiting.resize(chunk);
  const ssize_t got = ::read(from.end.get(), from.waiting.data(), from.waiting.size());
  from.waiting.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
  if (got <= 0) return true;
  last_ = std::chrono::steady_clock::now();
  if (&from == &frontend_) from_frontend_ += static_cast<std::size_t>(got);
  const ssize_t put = ::write(to.end.get(), from.waiting.data(), from.waiting.size());
  if (put < 0 && errno != EAGAIN) return false;
  if (put > 0) from.waiting.erase(from.waiting.begin(), from.waiting.begin() + put);
  return true;
}

}  // namespace attacks
