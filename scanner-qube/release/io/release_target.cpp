// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/io/release_target.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

namespace scannerqube::release {
namespace {

namespace fs = std::filesystem;
using base::io::Fd;

fs::path folder_of(const fs::path& path) {
  const fs::path folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// A file without a name gets one; never another's.
base::Status name_file(const Fd& file, const fs::path& path) {
  const std::string from = "/proc/self/fd/" + std::to_string(file.get());
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return base::Ok{};
  }
  return base::io::fail_errno("give the release its name " + path.string());
}

}  // namespace

base::Result<ReleaseTarget> ReleaseTarget::open(const fs::path& path, Overwrite overwrite) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    if (errno != ENOENT) return base::io::fail_errno("look at " + path.string());
    return open_file(path, overwrite);
  }
  const bool device = S_ISBLK(facts.st_mode);
  if (!device && !S_ISREG(facts.st_mode)) {
    return base::fail(path.string() + " is neither a file nor a block device");
  }
  if (overwrite == Overwrite::no) {
    return base::fail(path.string() +
                      (device ? " is a device, and all that is on it would be lost"
                              : " is there already, and is not written over") +
                      "; --overwrite says that this is meant");
  }
  return device ? open_device(path) : open_file(path, overwrite);
}

base::Result<ReleaseTarget> ReleaseTarget::open_device(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_EXCL));
  if (!fd) {
    return base::io::fail_errno("open " + path.string(),
                                errno == EBUSY ? "it or a partition of it is mounted or in use: "
                                                 "unmount it, or take another one"
                                               : std::string_view());
  }
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0 || !S_ISBLK(facts.st_mode)) {
    return base::fail(path.string() + " is no block device any more");
  }
  return ReleaseTarget(path, std::move(fd), Kind::device, Overwrite::yes);
}

base::Result<ReleaseTarget> ReleaseTarget::open_file(const fs::path& path, Overwrite overwrite) {
  if (path.filename().empty()) return base::fail(path.string() + " is no name of a file");
  const fs::path folder = folder_of(path);
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) {
    // Kernels without it take the flag for a folder that is to be written.
    const bool unknown = errno == EOPNOTSUPP || errno == EISDIR;
    return base::io::fail_errno(
        "make a file in " + folder.string(),
        unknown ? "this file system has no files without a name; write to another one, and copy it"
                : std::string_view());
  }
  return ReleaseTarget(path, std::move(fd), Kind::file, overwrite);
}

fs::path ReleaseTarget::folder() const { return folder_of(path_); }

base::Result<std::uint64_t> ReleaseTarget::room() const {
  if (kind_ == Kind::device) {
    const off_t end = ::lseek(fd_.get(), 0, SEEK_END);
    if (end < 0) return base::io::fail_errno("size of " + path_.string());
    return static_cast<std::uint64_t>(end);
  }
  struct statvfs facts {};
  if (::fstatvfs(fd_.get(), &facts) != 0) return base::io::fail_errno("room for the release");
  return std::uint64_t{facts.f_bavail} * facts.f_frsize;
}

base::Status ReleaseTarget::finish() const {
  if (kind_ == Kind::device) return base::Ok{};
  if (overwrite_ == Overwrite::no) {
    if (auto named = name_file(fd_, path_); !named) return named;
  } else {
    const fs::path beside =
        folder() / ("." + path_.filename().string() + "." + std::to_string(::getpid()));
    if (auto named = name_file(fd_, beside); !named) return named;
    if (::rename(beside.c_str(), path_.c_str()) != 0) {
      auto failed = base::io::fail_errno("put the release in place of " + path_.string());
      ::unlink(beside.c_str());
      return failed;
    }
  }
  const Fd opened(::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) {
    return base::io::fail_errno("write the name of " + path_.string() + " to the disk");
  }
  return base::Ok{};
}

}  // namespace scannerqube::release
