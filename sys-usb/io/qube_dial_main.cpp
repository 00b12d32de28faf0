// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-dial SOCKET: joins stdin and stdout to a Unix socket, both ways, with half-close. QEMU
// starts one for each connection that a guest opens to dom0 (guestfwd).
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"

namespace {

// One direction. Reads only when its buffer is empty, so a slow reader slows the writer down.
class Pump {
 public:
  Pump(int from, int to) : from_(from), to_(to) {}

  bool done() const { return done_; }
  pollfd waits_for() const {
    if (done_) return {.fd = -1, .events = 0, .revents = 0};
    const bool full = begin_ < end_;
    return {.fd = full ? to_ : from_,
            .events = static_cast<short>(full ? POLLOUT : POLLIN),
            .revents = 0};
  }
  // Nobody is left to write to: the other end closed both ways. A guest that opens connections and
  // lets them lie must not collect programs like this one.
  pollfd loses() const { return {.fd = done_ ? -1 : to_, .events = 0, .revents = 0}; }
  void turn() { begin_ < end_ ? write_some() : read_some(); }
  void lose() {
    if (!done_) finish();
  }

 private:
  static bool again() { return errno == EAGAIN || errno == EINTR; }

  void read_some() {
    const ssize_t got = ::read(from_, buffer_.data(), buffer_.size());
    if (got < 0 && again()) return;
    if (got <= 0) return finish();
    begin_ = 0;
    end_ = static_cast<std::size_t>(got);
    write_some();
  }
  void write_some() {
    const ssize_t put = ::write(to_, buffer_.data() + begin_, end_ - begin_);
    if (put < 0 && again()) return;
    if (put <= 0) return finish();
    begin_ += static_cast<std::size_t>(put);
  }
  // The reader learns of the end; the writer learns that nobody reads. Neither has to be a socket.
  void finish() {
    done_ = true;
    ::shutdown(from_, SHUT_RD);
    if (::shutdown(to_, SHUT_WR) != 0 && errno == ENOTSOCK) ::close(to_);
  }

  int from_;
  int to_;
  std::array<char, std::size_t{64} * 1024> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool done_ = false;
};

base::Status join(const char* path) {
  base::io::ignore_sigpipe();
  auto socket = base::io::connect_unix(path);
  if (!socket) return base::fail(socket.error().text + "; does sallyportd run?");
  base::io::Fd in(STDIN_FILENO);
  base::io::Fd out(STDOUT_FILENO);
  for (const base::io::Fd* fd : {&in, &out, &*socket}) {
    if (auto set = base::io::set_nonblocking(*fd); !set) return set;
  }
  auto entered =
      base::io::enter_sandbox({.syscalls = {"read", "write", "poll", "shutdown", "close"},
                               .paths = std::vector<base::io::PathRight>{}});
  if (!entered) return entered;
  Pump outward(in.release(), socket->get());
  Pump inward(socket->get(), out.release());
  while (!outward.done() || !inward.done()) {
    std::array<pollfd, 4> waiting{outward.waits_for(), inward.waits_for(), outward.loses(),
                                  inward.loses()};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return base::io::fail_errno("poll");
    }
    if (waiting[0].revents != 0) outward.turn();
    if (waiting[1].revents != 0) inward.turn();
    if (waiting[2].revents != 0) outward.lose();
    if (waiting[3].revents != 0) inward.lose();
  }
  return base::Ok{};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: sallyport-dial SOCKET\n";
    return 2;
  }
  const auto joined = join(argv[1]);
  if (joined) return 0;
  std::cerr << "sallyport-dial: " << joined.error().text << '\n';
  return 1;
} catch (const std::exception& error) {
  std::cerr << "sallyport-dial: " << error.what() << '\n';
  return 1;
}
