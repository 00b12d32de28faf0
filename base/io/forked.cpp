// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/forked.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/io/files.hpp"

namespace base::io {

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

}  // namespace base::io
