// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for a few descriptors, each by a number of its own.
#pragma once

#include <poll.h>

#include <array>
#include <cstdint>

#include "base/wire/result.hpp"

namespace inputproxy::io {

// Descriptors are borrowed and must outlive it. For two or three of them epoll would save nothing.
class Poller {
 public:
  enum class For { nothing, reading, writing };
  static constexpr std::size_t max_numbers = 3;

  // Waits for nothing: not even the end of the other side is seen.
  void watch(std::size_t number, int fd, For what);
  void change(std::size_t number, For what) { watch(number, fds_.at(number), what); }
  // `timeout_ms` at most, -1: for ever.
  base::Status wait(int timeout_ms);
  // After wait(). Errors and hang-ups count as ready.
  bool ready(std::size_t number) const { return waiting_.at(number).revents != 0; }

 private:
  std::array<int, max_numbers> fds_{-1, -1, -1};
  std::array<pollfd, max_numbers> waiting_{pollfd{-1, 0, 0}, pollfd{-1, 0, 0}, pollfd{-1, 0, 0}};
};

}  // namespace inputproxy::io
