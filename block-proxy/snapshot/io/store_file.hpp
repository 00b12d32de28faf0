// SPDX-License-Identifier: GPL-2.0-or-later
// One file of a snapshot's folder, with reads and writes at an offset.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace blockproxy::snapshot {

// Sees what is written and made durable, in order. Tests rebuild from it what a power cut leaves.
class FileTap {
 public:
  FileTap() = default;
  FileTap(const FileTap&) = delete;
  FileTap& operator=(const FileTap&) = delete;
  virtual ~FileTap() = default;
  // An errno for the write to fail with instead; 0 lets it pass.
  virtual int before_write(const std::string& file, std::uint64_t offset,
                           base::wire::Bytes data) = 0;
  virtual void truncated(const std::string& file, std::uint64_t size) = 0;
  virtual void synced(const std::string& file) = 0;
};

class StoreFile {
 public:
  enum class Mode : std::uint8_t { create, existing };
  // 0600 when created, and it must not be there yet. `tap` may be null and outlives the file.
  static base::Result<StoreFile> open(const std::filesystem::path& folder, std::string name,
                                      Mode mode, FileTap* tap);

  // All of `out`; what is past the end of the file is zeros.
  base::Status read(std::uint64_t offset, std::span<std::byte> out) const;
  base::Status write(std::uint64_t offset, base::wire::Bytes data);
  // Lets the disk begin with what was written, so that sync() has less to wait for.
  void start_writeback(std::uint64_t offset, std::uint64_t length);
  base::Status sync();
  base::Status truncate(std::uint64_t size);
  // Gives the room of these bytes back; they read as zeros. Best effort.
  void punch(std::uint64_t offset, std::uint64_t length);
  base::Result<std::uint64_t> size() const;
  // The first offset at or after `from` that is no hole; nothing at the end.
  base::Result<std::optional<std::uint64_t>> next_data(std::uint64_t from) const;
  const base::io::Fd& fd() const { return fd_; }
  const std::string& name() const { return name_; }

 private:
  StoreFile(base::io::Fd fd, std::string name, FileTap* tap)
      : fd_(std::move(fd)), name_(std::move(name)), tap_(tap) {}
  base::io::Fd fd_;
  std::string name_;
  FileTap* tap_;
};

// Makes names in the folder durable.
base::Status sync_folder(const std::filesystem::path& folder);

}  // namespace blockproxy::snapshot
