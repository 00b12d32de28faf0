// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace base::io {
namespace {

bool wait_for(const Fd& fd, short events) {
  pollfd entry{.fd = fd.get(), .events = events, .revents = 0};
  return ::poll(&entry, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

Result<std::string> read_all(const Fd& fd, std::size_t limit) {
  std::string content;
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got == 0) return content;
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN && wait_for(fd, POLLIN)) continue;
      return fail_errno("read");
    }
    if (static_cast<std::size_t>(got) > limit - content.size()) {
      return fail("read: longer than the limit of " + std::to_string(limit) + " bytes");
    }
    content.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path.string());
  auto content = read_all(fd, limit);
  if (!content) return fail(path.string() + ": " + content.error().text);
  return content;
}

std::string read_attribute(const std::filesystem::path& path) {
  constexpr std::size_t largest_page = 65536;  // sysfs shows at most a page
  auto text = read_file(path, largest_page);
  if (!text) return {};
  if (text->ends_with('\n')) text->pop_back();
  return *std::move(text);
}

Status write_all(const Fd& fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t put = ::write(fd.get(), data.data(), data.size());
    if (put < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN && wait_for(fd, POLLOUT)) continue;
      return fail_errno("write");
    }
    data.remove_prefix(static_cast<std::size_t>(put));
  }
  return Ok{};
}

Status write_file_atomically(const std::filesystem::path& path, std::string_view content,
                             unsigned mode) {
  const std::string temporary = path.string() + ".new";
  {
    const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                       static_cast<mode_t>(mode)));
    if (!fd) return fail_errno("create " + temporary);
    if (auto written = write_all(fd, content); !written) {
      return fail(temporary + ": " + written.error().text);
    }
    if (::fsync(fd.get()) != 0) return fail_errno("fsync " + temporary);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("rename " + temporary);
  return Ok{};
}

}  // namespace base::io
