// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/store_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace blockproxy::snapshot {
namespace {

constexpr std::string_view make_room = "make room on the disk of the snapshots and try again";

base::Error write_error(const std::string& name, int number) {
  const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  return base::io::system_error("write the snapshot's " + name, number,
                                full ? make_room : std::string_view{});
}

}  // namespace

base::Result<StoreFile> StoreFile::open(const std::filesystem::path& folder, std::string name,
                                        Mode mode, FileTap* tap) {
  const int flags = mode == Mode::create ? O_CREAT | O_EXCL : 0;
  const std::string path = (folder / name).string();
  base::io::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (!fd) return base::io::fail_errno("open " + path);
  return StoreFile(std::move(fd), std::move(name), tap);
}

base::Status StoreFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read the snapshot's " + name_);
    if (got == 0) break;
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  std::ranges::fill(out, std::byte{0});
  return base::Ok{};
}

base::Status StoreFile::write(std::uint64_t offset, base::wire::Bytes data) {
  if (tap_ != nullptr) {
    const int number = tap_->before_write(name_, offset, data);
    if (number != 0) return base::Unexpected{write_error(name_, number)};
  }
  while (!data.empty()) {
    const ssize_t put = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return base::Unexpected{write_error(name_, errno)};
    if (put == 0) return base::Unexpected{write_error(name_, ENOSPC)};
    offset += static_cast<std::uint64_t>(put);
    data = data.subspan(static_cast<std::size_t>(put));
  }
  return base::Ok{};
}

void StoreFile::start_writeback(std::uint64_t offset, std::uint64_t length) {
  ::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                    SYNC_FILE_RANGE_WRITE);  // only a hint: sync() is what counts
}

base::Status StoreFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return base::io::fail_errno("sync the snapshot's " + name_);
  if (tap_ != nullptr) tap_->synced(name_);
  return base::Ok{};
}

base::Status StoreFile::truncate(std::uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return base::io::fail_errno("shorten the snapshot's " + name_);
  }
  if (tap_ != nullptr) tap_->truncated(name_, size);
  return base::Ok{};
}

void StoreFile::punch(std::uint64_t offset, std::uint64_t length) {
  ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
              static_cast<off_t>(length));
}

base::Result<std::uint64_t> StoreFile::size() const {
  struct stat found {};
  if (::fstat(fd_.get(), &found) != 0) return base::io::fail_errno("stat the snapshot's " + name_);
  return static_cast<std::uint64_t>(found.st_size);
}

base::Result<std::optional<std::uint64_t>> StoreFile::next_data(std::uint64_t from) const {
  const off_t at = ::lseek(fd_.get(), static_cast<off_t>(from), SEEK_DATA);
  if (at >= 0) return std::optional(static_cast<std::uint64_t>(at));
  if (errno == ENXIO) return std::optional<std::uint64_t>();
  return base::io::fail_errno("seek in the snapshot's " + name_);
}

base::Status sync_folder(const std::filesystem::path& folder) {
  const base::io::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return base::io::fail_errno("sync " + folder.string());
  return base::Ok{};
}

}  // namespace blockproxy::snapshot
