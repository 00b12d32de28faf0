// SPDX-License-Identifier: GPL-2.0-or-later
// One part's file system, opened by libtsk over a Source; of an APFS container each of its volumes.
//
// libtsk keeps global state, leaks on some of its error paths, and is written in C: use it in a
// worker only. Nothing outside the part can be read through it.
#pragma once

#include <memory>

#include "scanner-qube/volume/listing.hpp"

struct TSK_IMG_INFO;
struct TSK_FS_INFO;
struct TSK_FS_FILE;
struct TSK_FS_ATTR;
struct _TSK_POOL_INFO;  // NOLINT: libtsk's own name for it

namespace scannerqube::volume {

class TskVolume {
 public:
  static base::Result<std::unique_ptr<TskVolume>> open(const Source& source, Range part,
                                                       FileSystem kind);
  TskVolume(const TskVolume&) = delete;
  TskVolume& operator=(const TskVolume&) = delete;
  ~TskVolume();

  std::size_t volumes() const { return volumes_.size(); }
  // The one that fs() is from now on; the first at first.
  void select(std::size_t volume);
  std::uint16_t selected() const { return selected_; }
  TSK_FS_INFO* fs() const { return volumes_.at(selected_); }
  const WindowSource& window() const { return window_; }
  // Errors of the medium so far: whatever was asked meanwhile is worth nothing.
  std::uint64_t errors() const { return latch_.errors(); }
  const std::optional<ReadError>& first_error() const { return latch_.first(); }

  // The bytes at `offset` of what `handle` names; fewer only at its end.
  base::Result<std::vector<std::byte>> read(const Handle& handle, std::uint64_t offset,
                                            std::size_t length);

 private:
  struct Image;
  TskVolume(const Source& source, Range part);
  base::Status open_pool(TSK_IMG_INFO& image);
  const TSK_FS_ATTR* find(const Handle& handle);
  void close_file();

  LatchingSource latch_;
  WindowSource window_;
  std::unique_ptr<Image> image_;
  std::vector<const _TSK_POOL_INFO*> pools_;
  std::vector<TSK_FS_INFO*> volumes_;
  std::uint16_t selected_ = 0;
  TSK_FS_FILE* file_ = nullptr;  // the one read last
  std::uint64_t file_errors_ = 0;
};

// libtsk's own words about its last error, escaped; empty if there was none.
std::string tsk_error_text();

}  // namespace scannerqube::volume
