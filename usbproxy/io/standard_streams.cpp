// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>

#include "base/io/files.hpp"
#include "base/io/service_streams.hpp"
#include "base/io/unix_socket.hpp"

namespace usbproxy::io {
namespace {

constexpr int stream_buffer = 4 * 1024 * 1024;

}  // namespace

base::Result<Pump::Ends> take_standard_streams() {
  const auto dev_null = base::io::open_dev_null();
  if (!dev_null) return base::Unexpected{dev_null.error()};
  Pump::Ends ends{.in = base::io::Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)),
                  .out = base::io::Fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3))};
  if (!ends.in || !ends.out) return base::io::fail_errno("stdin and stdout");
  if (auto released = base::io::release_stdio(*dev_null); !released) {
    return base::Unexpected{released.error()};
  }
  base::io::enlarge_buffers(ends.in, stream_buffer);
  base::io::enlarge_buffers(ends.out, stream_buffer);
  return ends;
}

base::Result<int> parse_attached_fd(const std::string& text) {
  int fd = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fd);
  if (error != std::errc{} || end != text.data() + text.size() || fd <= STDERR_FILENO) {
    return base::fail("--attached-fd " + text + " is no file descriptor beyond stderr");
  }
  return fd;
}

base::Status tell_attached_to(const base::io::Fd& watcher) {
  if (!watcher) return base::Ok{};
  return base::io::write_all(watcher, std::to_string(::getpid()) + '\n');
}

}  // namespace usbproxy::io
