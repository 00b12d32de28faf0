// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/io/volume_target.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "scanner-qube/release/limits.hpp"

namespace scannerqube::release {

base::Result<VolumeTarget> VolumeTarget::open(const base::io::Fd& out, std::uint64_t size) {
  struct stat facts {};
  if (::fstat(out.get(), &facts) != 0) return base::io::fail_errno("look at the target");
  VolumeTarget target(out, size);
  if (S_ISREG(facts.st_mode)) {
    target.is_file_ = true;
    target.capacity_ = size;
    return target;
  }
  if (!S_ISBLK(facts.st_mode)) {
    return base::fail("write the release: the target is no regular file and no block device");
  }
  const off_t end = ::lseek(out.get(), 0, SEEK_END);
  if (end < 0) return base::io::fail_errno("size of the target");
  target.capacity_ = static_cast<std::uint64_t>(end);
  if (target.capacity_ < size) {
    return base::fail("write the release: it has " + std::to_string(size) + " bytes, the device " +
                      std::to_string(target.capacity_) + "; take a larger one or release less");
  }
  return target;
}

base::Status VolumeTarget::clear(std::uint64_t head) {
  if (is_file_) {
    if (::ftruncate(out_.get(), 0) != 0) return base::io::fail_errno("empty the target");
    return base::Ok{};
  }
  if (auto done = zeros(0, head); !done) return done;
  const std::uint64_t last = std::max(size_, capacity_ - std::min(capacity_, tail));
  if (auto done = zeros(last, capacity_ - last); !done) return done;
  return sync();
}

base::Status VolumeTarget::grow() {
  if (!is_file_ || ::ftruncate(out_.get(), static_cast<off_t>(size_)) == 0) return base::Ok{};
  return base::io::fail_errno("make the target " + std::to_string(size_) + " bytes long");
}

base::Status VolumeTarget::write(std::uint64_t offset, base::wire::Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t put =
        ::pwrite(out_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      return base::io::fail_errno("write the release at byte " + std::to_string(offset));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return base::Ok{};
}

base::Status VolumeTarget::sync() {
  if (::fsync(out_.get()) != 0) return base::io::fail_errno("write the release to its device");
  return base::Ok{};
}

base::Status VolumeTarget::zeros(std::uint64_t offset, std::uint64_t length) {
  const std::vector<std::byte> nothing(std::size_t{64} * 1024);
  while (length > 0) {
    const auto part =
        base::wire::Bytes(nothing).first(std::min<std::uint64_t>(length, nothing.size()));
    if (auto done = write(offset, part); !done) return done;
    offset += part.size();
    length -= part.size();
  }
  return base::Ok{};
}

}  // namespace scannerqube::release
