// SPDX-License-Identifier: GPL-2.0-or-later
// Where a release goes: a file that has its name only once it is whole, or a block device.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/io/fd.hpp"

namespace scannerqube::release {

enum class Overwrite : std::uint8_t { no, yes };

// A file has no name before finish(): whatever ends the program, nothing is left of it. A device is
// open exclusively, so that it is refused where it or a part of it is mounted, or belongs to
// another one (open(2), O_EXCL), and nobody can mount it meanwhile.
class ReleaseTarget {
 public:
  // What is there is written over with `Overwrite::yes` alone; all of a device always is.
  static base::Result<ReleaseTarget> open(const std::filesystem::path& path, Overwrite overwrite);

  const base::io::Fd& fd() const { return fd_; }
  // Bytes that there is room for.
  base::Result<std::uint64_t> room() const;
  // All was written: it gets its name, in place of what had it.
  base::Status finish() const;

 private:
  enum class Kind : std::uint8_t { file, device };
  ReleaseTarget(std::filesystem::path path, base::io::Fd fd, Kind kind, Overwrite overwrite)
      : path_(std::move(path)), fd_(std::move(fd)), kind_(kind), overwrite_(overwrite) {}
  static base::Result<ReleaseTarget> open_device(const std::filesystem::path& path);
  static base::Result<ReleaseTarget> open_file(const std::filesystem::path& path,
                                               Overwrite overwrite);
  std::filesystem::path folder() const;

  std::filesystem::path path_;
  base::io::Fd fd_;
  Kind kind_ = Kind::file;
  Overwrite overwrite_ = Overwrite::no;
};

}  // namespace scannerqube::release
