// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/service_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "base/io/files.hpp"

namespace base::io {

Result<Fd> open_dev_null() {
  Fd dev_null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!dev_null) return fail_errno("open /dev/null");
  return dev_null;
}

Status tell_attached() {
  const Fd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!out) return fail_errno("stdout");
  return write_all(out, "attached\n");
}

Status release_stdio(const Fd& dev_null) {
  if (::dup2(dev_null.get(), STDIN_FILENO) < 0 || ::dup2(dev_null.get(), STDOUT_FILENO) < 0) {
    return fail_errno("put /dev/null on stdin and stdout");
  }
  return Ok{};
}

Status report_attached(const Fd& dev_null) {
  if (auto told = tell_attached(); !told) return told;
  return release_stdio(dev_null);
}

int ended(int code, std::string_view why) {
  std::string line(why);
  line += '\n';
  // A closed stderr must not change the outcome.
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
  return code;
}

}  // namespace base::io
