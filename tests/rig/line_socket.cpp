// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/line_socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "base/io/unix_socket.hpp"

namespace rig {
namespace {

constexpr std::chrono::milliseconds connect_pause{20};

// True when the fd is ready (or broken: the next call says how), false at the deadline.
bool wait_for(const base::io::Fd& fd, short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{.fd = fd.get(), .events = events, .revents = 0};
    const int timeout = static_cast<int>(std::min<std::int64_t>(left, 60000));
    if (::poll(&entry, 1, timeout) > 0) return true;
  }
}

double time_scale() {
  const char* const text = std::getenv("RIG_TIME_SCALE");
  const double scale = text == nullptr ? 1.0 : std::strtod(text, nullptr);
  return std::clamp(scale, 1.0, 100.0);
}

}  // namespace

Deadline deadline_after(std::chrono::milliseconds time) {
  const double scaled = static_cast<double>(time.count()) * time_scale();
  return Clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(scaled));
}

base::Result<LineSocket> LineSocket::connect(const std::filesystem::path& path, Deadline deadline) {
  for (;;) {
    auto fd = base::io::connect_unix(path);
    if (fd) return LineSocket(std::move(*fd));
    if (Clock::now() >= deadline) return base::fail(fd.error().text);
    std::this_thread::sleep_for(connect_pause);
  }
}

base::Status LineSocket::send(std::string_view data, Deadline deadline) {
  while (!data.empty()) {
    const ssize_t put = ::send(fd_.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put >= 0) {
      data.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, deadline)) return base::fail("send: the peer does not read");
    } else if (errno != EINTR) {
      return base::io::fail_errno("send");
    }
  }
  return base::Ok{};
}

base::Status LineSocket::read_more(Deadline deadline) {
  std::array<char, 65536> chunk{};
  for (;;) {
    if (!wait_for(fd_, POLLIN, deadline)) return base::fail("read: nothing came in time");
    const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got > 0) {
      received_.append(chunk.data(), static_cast<std::size_t>(got));
      return base::Ok{};
    }
    if (got == 0) return base::fail("read: the peer closed the connection");
    if (errno != EAGAIN && errno != EINTR) return base::io::fail_errno("read");
  }
}

base::Result<std::string> LineSocket::read_line(std::size_t limit, Deadline deadline) {
  std::size_t searched = 0;
  for (;;) {
    const auto end = received_.find('\n', searched);
    if (end != std::string::npos && end <= limit) return read_exactly(end + 1, deadline);
    if (received_.size() > limit) {
      return base::fail("read: a line of more than " + std::to_string(limit) + " bytes");
    }
    searched = received_.size();
    if (auto more = read_more(deadline); !more) return base::fail(more.error().text);
  }
}

base::Result<std::string> LineSocket::read_exactly(std::size_t size, Deadline deadline) {
  while (received_.size() < size) {
    if (auto more = read_more(deadline); !more) return base::fail(more.error().text);
  }
  std::string data = received_.substr(0, size);
  received_.erase(0, size);
  return data;
}

}  // namespace rig
