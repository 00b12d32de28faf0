// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/image_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/io/fd.hpp"

namespace cli::io {
namespace {

using base::hash::leaf_size;

constexpr std::size_t leaves_at_once = 16;

// All of `out`, from `offset` on.
base::Status read_exactly(const base::io::Fd& fd, std::uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read at byte " + std::to_string(offset));
    if (got == 0) return base::fail("it ends at byte " + std::to_string(offset) + " meanwhile");
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return base::Ok{};
}

base::Result<std::uint64_t> size_of(const base::io::Fd& fd) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return base::io::fail_errno("stat");
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
    return base::fail("it is neither a file nor a block device");
  }
  const off_t end = ::lseek(fd.get(), 0, SEEK_END);
  if (end < 0) return base::io::fail_errno("find its end");
  return static_cast<std::uint64_t>(end);
}

base::Result<base::hash::Digest> root_of(const base::io::Fd& fd, std::uint64_t size) {
  base::hash::TreeBuilder tree;
  base::hash::Sha256 hash;
  std::vector<std::byte> buffer(leaves_at_once * leaf_size);
  for (std::uint64_t at = 0; at < size;) {
    const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size - at));
    if (auto read = read_exactly(fd, at, part); !read) return base::Unexpected{read.error()};
    for (std::size_t begin = 0; begin < part.size(); begin += leaf_size) {
      const std::size_t length = std::min<std::size_t>(leaf_size, part.size() - begin);
      tree.push(base::hash::leaf_hash(hash, part.subspan(begin, length)));
    }
    at += part.size();
  }
  return base::hash::root_of(size, tree.finish());
}

}  // namespace

base::Result<base::hash::Digest> root_of_image(const std::filesystem::path& path,
                                               std::uint64_t expected_size) {
  // Non-blocking: a FIFO must not stop us; on a file or a device it changes nothing.
  const base::io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return base::io::fail_errno("open " + path.string());
  const auto size = size_of(fd);
  if (!size) return base::fail(path.string() + ": " + size.error().text);
  if (*size != expected_size) {
    return base::fail(path.string() + ": it has " + std::to_string(*size) +
                      " bytes, what was scanned has " + std::to_string(expected_size));
  }
  if (*size > base::hash::max_leaves * leaf_size) {
    return base::fail(path.string() + ": it is larger than any snapshot");
  }
  auto root = root_of(fd, *size);
  if (!root) return base::fail(path.string() + ": " + root.error().text);
  return root;
}

}  // namespace cli::io
