// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/fd.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace base::io {

void Fd::reset(int fd) noexcept {
  // close() frees the number even when it reports EINTR or EIO; there is nothing to retry.
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Error system_error(std::string_view tried, int number, std::string_view remedy) {
  std::string text(tried);
  text += ": ";
  text += std::error_code(number, std::generic_category()).message();
  if (!remedy.empty()) {
    text += "; ";
    text += remedy;
  }
  return Error{std::move(text)};
}

Unexpected<Error> fail_errno(std::string_view tried, std::string_view remedy) {
  return Unexpected<Error>{system_error(tried, errno, remedy)};
}

namespace {

Result<FdPair> socket_pair(int type) {
  std::array<int, 2> fds{-1, -1};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return fail_errno("socketpair");
  }
  return FdPair{Fd(fds[0]), Fd(fds[1])};
}

}  // namespace

Result<FdPair> stream_pair() { return socket_pair(SOCK_STREAM); }
Result<FdPair> message_pair() { return socket_pair(SOCK_SEQPACKET); }

Result<FdPair> pipe_pair() {
  std::array<int, 2> fds{-1, -1};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return fail_errno("pipe2");
  return FdPair{Fd(fds[0]), Fd(fds[1])};
}

Status set_nonblocking(const Fd& fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
    return fail_errno("fcntl O_NONBLOCK");
  }
  return Ok{};
}

void ignore_sigpipe() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;  // NOLINT: the kernel's own cast
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

}  // namespace base::io
