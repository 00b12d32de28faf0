// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/io/write_volume.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/hash/sha256.hpp"
#include "base/io/sandbox.hpp"
#include "scanner-qube/release/io/volume_target.hpp"

namespace scannerqube::release {
namespace {

using base::io::Fd;
using base::wire::Bytes;

constexpr std::size_t buffer_size = std::size_t{1} << 20;
constexpr std::uint64_t worth_a_hole = std::uint64_t{64} * 1024;

class Writing {
 public:
  Writing(const Volume& from, const volume::Source& medium, VolumeTarget& target,
          const OnWritten& on_written)
      : volume_(from),
        medium_(medium),
        target_(target),
        on_written_(on_written),
        reader_(from),
        buffer_(buffer_size) {}

  base::Status run() {
    if (auto done = empty_files(); !done) return done;
    for (std::uint64_t offset = 0; offset < volume_.size();) {
      const Piece piece = reader_.at(offset);
      if (auto done = change_file(piece.file); !done) return done;
      const bool hole =
          target_.is_file() && piece.from == Piece::From::zeros && piece.length >= worth_a_hole;
      auto done = hole ? skip(piece) : take(offset, piece);
      if (!done) return base::Unexpected{done.error()};
      offset += *done;
      if (on_written_) on_written_(offset, volume_.size());
    }
    if (auto done = change_file(std::nullopt); !done) return done;
    if (auto done = flush(); !done) return done;
    // Our own count of what was checked, not the loop's word for it.
    if (checked_ != volume_.list().size()) {
      return base::fail("write the release: only " + std::to_string(checked_) + " of " +
                        std::to_string(volume_.list().size()) + " files were checked");
    }
    if (auto done = target_.sync(); !done) return done;
    return head();
  }

 private:
  // They have no piece on the volume.
  base::Status empty_files() {
    for (std::uint32_t i = 0; i < volume_.list().size(); ++i) {
      if (volume_.list()[i].size != 0) continue;
      sha256_.begin();
      if (auto done = check(i); !done) return done;
    }
    return base::Ok{};
  }

  base::Status change_file(std::optional<std::uint32_t> next) {
    if (next == file_) return base::Ok{};
    if (file_) {
      if (auto done = check(*file_); !done) return done;
    }
    file_ = next;
    sha256_.begin();
    return base::Ok{};
  }

  base::Status check(std::uint32_t file) {
    const ReleasedFile& listed = volume_.list()[file];
    const base::hash::Digest found = sha256_.end();
    if (found != listed.sha256) {
      return base::fail("write the release: " + volume::quote(listed.path) + " has the SHA-256 " +
                        base::hash::to_hex(found) + " in the snapshot, the list says " +
                        base::hash::to_hex(listed.sha256) +
                        "; the scan told of other content, scan the medium again");
    }
    ++checked_;
    return base::Ok{};
  }

  base::Result<std::uint64_t> skip(const Piece& piece) {
    if (auto done = flush(); !done) return base::Unexpected{done.error()};
    if (piece.file) {
      const std::vector<std::byte> nothing(buffer_size);
      for (std::uint64_t left = piece.length; left > 0;) {
        const auto part = Bytes(nothing).first(std::min<std::uint64_t>(left, buffer_size));
        sha256_.add(part);
        left -= part.size();
      }
    }
    return piece.length;
  }

  base::Result<std::uint64_t> take(std::uint64_t offset, const Piece& piece) {
    if (filled_ == 0) at_ = offset;
    const auto part = std::span(buffer_).subspan(
        filled_, std::min<std::uint64_t>(piece.length, buffer_.size() - filled_));
    const auto got = reader_.read(offset, part, medium_);
    if (!got) return base::Unexpected{unreadable(piece, got.error())};
    if (piece.file) sha256_.add(part);
    filled_ += part.size();
    if (filled_ == buffer_.size()) {
      if (auto done = flush(); !done) return base::Unexpected{done.error()};
    }
    return part.size();
  }

  base::Error unreadable(const Piece& piece, const volume::ReadError& error) const {
    const std::string what =
        piece.file ? volume::quote(volume_.list()[*piece.file].path) : std::string("it");
    return {"write the release: " + what + " cannot be read at byte " +
            std::to_string(error.offset) + " of the snapshot: " + error.text};
  }

  // All but the head, which comes last.
  base::Status flush() {
    const std::uint64_t head = volume_.head();
    const std::uint64_t from = std::clamp(head, at_, at_ + filled_);
    const auto part = Bytes(buffer_).first(filled_).subspan(static_cast<std::size_t>(from - at_));
    filled_ = 0;
    return target_.write(from, part);
  }

  base::Status head() {
    for (std::uint64_t end = volume_.head(); end > 0;) {
      const std::uint64_t start = end - std::min<std::uint64_t>(end, buffer_.size());
      const auto part = std::span(buffer_).first(static_cast<std::size_t>(end - start));
      const auto got = reader_.read(start, part, medium_);
      if (!got) return base::fail("write the release: " + got.error().text);
      if (auto done = target_.write(start, part); !done) return done;
      end = start;
    }
    return target_.sync();
  }

  const Volume& volume_;
  const volume::Source& medium_;
  VolumeTarget& target_;
  const OnWritten& on_written_;
  VolumeReader reader_;
  std::vector<std::byte> buffer_;  // to be written at `at_`
  std::size_t filled_ = 0;
  std::uint64_t at_ = 0;
  base::hash::Sha256 sha256_;
  std::optional<std::uint32_t> file_;  // whose hash is under way
  std::size_t checked_ = 0;
};

}  // namespace

base::Status write_volume(const Volume& from, const volume::Source& medium, const Fd& out,
                          const OnWritten& on_written) {
  auto target = VolumeTarget::open(out, from.size());
  if (!target) return base::Unexpected{target.error()};
  if (auto done = target->clear(from.head()); !done) return done;
  base::Status written = target->grow();
  if (written) written = Writing(from, medium, *target, on_written).run();
  if (written) return written;
  if (auto taken_back = target->clear(from.head()); !taken_back) {
    return base::fail(written.error().text + "; and what was written could not be taken back (" +
                      taken_back.error().text + "): do not use the target");
  }
  return written;
}

base::Status confine_writer(const volume::ForkableSource& medium, const Fd& out) {
  int sector_size = 0;
  if (::ioctl(out.get(), BLKSSZGET, &sector_size) == 0 &&
      static_cast<std::uint64_t>(sector_size) != sector) {
    return base::fail("write the release: the device has sectors of " +
                      std::to_string(sector_size) + " bytes, the volume of " +
                      std::to_string(sector) + "; take another device");
  }
  // Both look for files when they are asked for the first time.
  ::setenv("TZ", "UTC0", 1);
  ::tzset();
  static_cast<void>(base::hash::Sha256()({}));
  base::io::Sandbox sandbox{.syscalls = medium.syscalls(),
                            .paths = std::vector<base::io::PathRight>()};
  for (const char* call : {"ftruncate", "pwrite64", "fsync"}) sandbox.syscalls.emplace_back(call);
  return base::io::enter_sandbox(sandbox);
}

}  // namespace scannerqube::release
