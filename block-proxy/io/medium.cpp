// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/medium.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace blockproxy::io {
namespace {

using nbd::WireError;

off_t at(std::uint64_t offset) { return static_cast<off_t>(offset); }

}  // namespace

WireError wire_error(int number) {
  switch (number) {
    case EPERM:
    case EACCES:
    case EROFS:
      return WireError::not_permitted;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return WireError::no_space;
    case ENOMEM:
      return WireError::no_memory;
    case EOPNOTSUPP:
      return WireError::unsupported;
    default:
      return WireError::io;
  }
}

base::Result<Medium> Medium::take(base::io::Fd fd, nbd::Access access, std::uint32_t sector_size) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return base::io::fail_errno("medium: fstat");
  Medium medium;
  if (S_ISREG(info.st_mode)) {
    medium.export_.size = static_cast<std::uint64_t>(info.st_size);
    medium.export_.sector_size = sector_size;
    medium.holes_ = info.st_blocks * 512 < info.st_size;
  } else if (S_ISBLK(info.st_mode)) {
    medium.kind_ = Kind::device;
    int sector = 0;
    unsigned short spinning = 0;
    if (::ioctl(fd.get(), BLKGETSIZE64, &medium.export_.size) != 0 ||
        ::ioctl(fd.get(), BLKSSZGET, &sector) != 0) {
      return base::io::fail_errno("medium: size of the device");
    }
    if (sector < 512 || sector > 65536 || (sector & (sector - 1)) != 0) {
      return base::fail("medium: sectors of " + std::to_string(sector) +
                        " bytes; a power of two from 512 to 65536 can be served");
    }
    medium.export_.sector_size = static_cast<std::uint32_t>(sector);
    if (::ioctl(fd.get(), BLKROTATIONAL, &spinning) == 0 && spinning != 0) {
      medium.export_.spinning = nbd::Spinning::yes;
    }
  } else {
    return base::fail("medium: neither a regular file nor a block device");
  }
  medium.export_.access = access;
  medium.fd_ = std::move(fd);
  return medium;
}

std::size_t Medium::read_cached(std::span<std::byte> into, std::uint64_t offset) {
  const iovec piece{.iov_base = into.data(), .iov_len = into.size()};
  if (tells_cached_) {
    const ssize_t got = ::preadv2(fd_.get(), &piece, 1, at(offset), RWF_NOWAIT);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EOPNOTSUPP) return 0;
    tells_cached_ = false;
  }
  return read(into, offset) == WireError::none ? into.size() : 0;
}

WireError Medium::read(std::span<std::byte> into, std::uint64_t offset) const {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd_.get(), into.data(), into.size(), at(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wire_error(errno);
    if (got == 0) return WireError::io;  // the medium has become smaller
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return WireError::none;
}

WireError Medium::write(base::wire::Bytes data, std::uint64_t offset) const {
  while (!data.empty()) {
    const ssize_t put = ::pwrite(fd_.get(), data.data(), data.size(), at(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return wire_error(errno);
    if (put == 0) return WireError::io;
    data = data.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return WireError::none;
}

WireError Medium::flush() const {
  if (export_.access == nbd::Access::read_only) return WireError::none;
  return ::fdatasync(fd_.get()) == 0 ? WireError::none : wire_error(errno);
}

// Advice: a medium that cannot, or only whole sectors of it, has still done what was asked.
WireError Medium::trim(std::uint64_t offset, std::uint32_t length) const {
  int done = 0;
  if (kind_ == Kind::device) {
    const std::uint64_t sector = export_.sector_size;
    const std::uint64_t begin = (offset + sector - 1) / sector * sector;
    const std::uint64_t end = (offset + length) / sector * sector;
    if (end <= begin) return WireError::none;
    const std::array<std::uint64_t, 2> range{begin, end - begin};
    done = ::ioctl(fd_.get(), BLKDISCARD, range.data());
  } else {
    done = ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at(offset), length);
  }
  if (done == 0 || errno == EOPNOTSUPP || errno == ENOTTY) return WireError::none;
  return wire_error(errno);
}

// A block device takes the same calls: a hole is what its hardware can zero fast, a range is
// zeroed in any case.
WireError Medium::write_zeroes(std::uint64_t offset, std::uint32_t length, Zeroes how) const {
  const auto try_mode = [&](int mode) {
    return ::fallocate(fd_.get(), mode | FALLOC_FL_KEEP_SIZE, at(offset), length) == 0;
  };
  if (how != Zeroes::allocated && try_mode(FALLOC_FL_PUNCH_HOLE)) return WireError::none;
  if (how == Zeroes::fast) return WireError::unsupported;
  if (try_mode(FALLOC_FL_ZERO_RANGE)) return WireError::none;
  // EINVAL: not whole sectors of a device.
  if (errno != EOPNOTSUPP && errno != EINVAL) return wire_error(errno);
  static constexpr std::array<std::byte, 65536> zeroes{};
  while (length > 0) {
    const auto piece = std::min<std::uint32_t>(length, zeroes.size());
    const WireError error = write(std::span(zeroes).first(piece), offset);
    if (error != WireError::none) return error;
    offset += piece;
    length -= piece;
  }
  return WireError::none;
}

void Medium::prefetch(std::uint64_t offset, std::uint32_t length) const {
  ::posix_fadvise(fd_.get(), at(offset), static_cast<off_t>(length), POSIX_FADV_WILLNEED);
}

void Medium::extents(std::uint64_t offset, std::uint32_t length, std::size_t most,
                     std::vector<nbd::Extent>& into) const {
  into.clear();
  const std::uint64_t end = offset + length;
  while (offset < end && into.size() < most) {
    std::uint64_t until = end;
    std::uint32_t state = 0;
    if (kind_ == Kind::file) {
      const off_t data = ::lseek(fd_.get(), at(offset), SEEK_DATA);
      if (data < 0 && errno == ENXIO) {  // nothing but a hole up to the end
        state = nbd::state_hole | nbd::state_zero;
      } else if (data > at(offset)) {
        state = nbd::state_hole | nbd::state_zero;
        until = static_cast<std::uint64_t>(data);
      } else if (data == at(offset)) {
        const off_t hole = ::lseek(fd_.get(), at(offset), SEEK_HOLE);
        if (hole > at(offset)) until = static_cast<std::uint64_t>(hole);
      }
    }
    until = std::min(until, end);
    into.push_back({.length = static_cast<std::uint32_t>(until - offset), .state = state});
    offset = until;
  }
}

}  // namespace blockproxy::io
