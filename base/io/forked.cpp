// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/forked.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/io/files.hpp"

namespace base::io {
namespace {

constexpr int look_ms = 5;

}  // namespace

void close_all_but(std::vector<int> keep) {
  std::ranges::sort(keep);
  unsigned from = 3;
  for (const int fd : keep) {
    const auto number = static_cast<unsigned>(fd);
    if (number > from) ::close_range(from, number - 1, 0);
    from = std::max(from, number + 1);
  }
  ::close_range(from, ~0U, 0);
}

Status limit_resource(int what, std::uint64_t value) {
  const rlimit both{.rlim_cur = value, .rlim_max = value};
  if (::setrlimit(static_cast<__rlimit_resource>(what), &both) != 0) {
    return fail_errno("setrlimit");
  }
  return Ok{};
}

Result<std::uint64_t> mapped_bytes() {
  auto statm = read_file("/proc/self/statm", 256);
  if (!statm) return Unexpected{statm.error()};
  const std::uint64_t pages = std::strtoull(statm->c_str(), nullptr, 10);
  if (pages == 0) return fail("/proc/self/statm says nothing");
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

int wait_or_kill(pid_t child, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  bool killed = false;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, killed ? 0 : WNOHANG);
    if (ended == child) return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (ended < 0 && errno != EINTR) return 1;
    if (std::chrono::steady_clock::now() >= deadline && !std::exchange(killed, true)) {
      ::kill(child, SIGKILL);
    }
    if (!killed) ::poll(nullptr, 0, look_ms);
  }
}

}  // namespace base::io
