// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/poller.hpp"

#include <cerrno>

#include "base/io/fd.hpp"

namespace inputproxy::io {

void Poller::watch(std::size_t number, int fd, For what) {
  fds_.at(number) = fd;
  pollfd& waiting = waiting_.at(number);
  waiting.fd = what == For::nothing ? -1 : fd;
  waiting.events = what == For::writing ? POLLOUT : POLLIN;
  waiting.revents = 0;
}

base::Status Poller::wait(int timeout_ms) {
  if (::poll(waiting_.data(), waiting_.size(), timeout_ms) >= 0) return base::Ok{};
  if (errno != EINTR) return base::io::fail_errno("poll");
  for (pollfd& each : waiting_) each.revents = 0;
  return base::Ok{};
}

}  // namespace inputproxy::io
