// SPDX-License-Identifier: GPL-2.0-or-later
// An owned file descriptor, and errors with errno's text.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/wire/result.hpp"

namespace base::io {

// Closes what it owns. -1 is empty.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// "TRIED: strerror(number)" plus "; REMEDY" if there is one.
Error system_error(std::string_view tried, int number, std::string_view remedy = {});
// The same from errno, ready to return.
Unexpected<Error> fail_errno(std::string_view tried, std::string_view remedy = {});

struct FdPair {
  Fd first;
  Fd second;
};
// A connected pair of AF_UNIX stream sockets, close-on-exec.
Result<FdPair> stream_pair();
// The same of SOCK_SEQPACKET, for messages.
Result<FdPair> message_pair();
// A pipe: first reads, second writes; close-on-exec.
Result<FdPair> pipe_pair();
Status set_nonblocking(const Fd& fd);

// From now on writing to a peer that is gone is an error (EPIPE), not the end of the process.
void ignore_sigpipe();

}  // namespace base::io
