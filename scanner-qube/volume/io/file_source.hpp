// SPDX-License-Identifier: GPL-2.0-or-later
// A medium that a worker can read, and one that is a file or a block device.
#pragma once

#include <filesystem>
#include <memory>

#include "base/io/fd.hpp"
#include "scanner-qube/volume/source.hpp"

namespace scannerqube::volume {

// What a forked, sandboxed process still needs in order to read.
class ForkableSource : public Source {
 public:
  virtual std::vector<int> fds() const = 0;
  virtual std::vector<std::string> syscalls() const = 0;
};

class FileSource final : public ForkableSource {
 public:
  static base::Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path);
  // `where`: the medium's bytes within the file.
  FileSource(base::io::Fd fd, Range where) : fd_(std::move(fd)), where_(where) {}

  std::uint64_t size() const override { return where_.length; }
  base::Result<std::size_t, ReadError> read(std::uint64_t offset,
                                            std::span<std::byte> out) const override;
  std::vector<int> fds() const override { return {fd_.get()}; }
  std::vector<std::string> syscalls() const override { return {"pread64"}; }

 private:
  base::io::Fd fd_;
  Range where_;
};

}  // namespace scannerqube::volume
