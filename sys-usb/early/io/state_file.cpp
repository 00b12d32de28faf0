// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/io/state_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/io/files.hpp"

namespace sysusb::early::io {
namespace {

constexpr std::chrono::milliseconds ask_again{20};

// Of the open file, not of the process, and nothing to do with flock(2): fcntl_locking(2).
bool record_lock(const base::io::Fd& file, short type) {
  struct flock whole = {};
  whole.l_type = type;
  whole.l_whence = SEEK_SET;
  return ::fcntl(file.get(), F_OFD_SETLK, &whole) == 0;  // NOLINT: variadic
}

}  // namespace

base::Result<StateFile> StateFile::open(const std::filesystem::path& path) {
  StateFile file;
  constexpr int flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
  file.fd_.reset(::open(path.c_str(), flags, 0600));  // NOLINT: variadic
  if (!file.fd_) {
    return base::io::fail_errno("open the record " + path.string(),
                                "run this as root, or name another file with --state");
  }
  return file;
}

base::Status StateFile::lock() const {
  while (::flock(fd_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return base::io::fail_errno("lock the record");
  }
  return base::Ok{};
}

void StateFile::unlock() const { ::flock(fd_.get(), LOCK_UN); }

base::Result<EarlyRecord> StateFile::read() const {
  if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return base::io::fail_errno("read the record");
  const auto text = base::io::read_all(fd_, max_record);
  if (!text) return base::fail(text.error().text);
  return parse_early_record(*text);
}

base::Status StateFile::append(std::string_view lines) const {
  return base::io::write_all(fd_, lines);
}

base::Status StateFile::say_watching() const {
  if (record_lock(fd_, F_RDLCK)) return base::Ok{};
  if (errno == EAGAIN || errno == EACCES) return base::fail("it is being revoked");
  return base::io::fail_errno("hold the record");
}

bool StateFile::watchers_end_within(std::chrono::milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!record_lock(fd_, F_WRLCK)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(ask_again);
  }
  return true;
}

}  // namespace sysusb::early::io
