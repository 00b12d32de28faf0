// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/file_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace scannerqube::volume {

base::Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path) {
  base::io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::io::fail_errno("open " + path.string());
  const off_t end = ::lseek(fd.get(), 0, SEEK_END);
  if (end < 0) return base::io::fail_errno("size of " + path.string(), "a file or a block device");
  return std::make_unique<FileSource>(
      std::move(fd), Range{.offset = 0, .length = static_cast<std::uint64_t>(end)});
}

base::Result<std::size_t, ReadError> FileSource::read(std::uint64_t offset,
                                                      std::span<std::byte> out) const {
  if (offset >= size()) return std::size_t{0};
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size() - offset)));
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t at = offset + done;
    const ssize_t got = ::pread(fd_.get(), out.data() + done, out.size() - done,
                                static_cast<off_t>(where_.offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return base::Unexpected{
          ReadError{.offset = at, .text = base::io::system_error("read", errno).text}};
    }
    if (got == 0) {
      return base::Unexpected{
          ReadError{.offset = at, .text = "read: the medium became shorter than it was"}};
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace scannerqube::volume
