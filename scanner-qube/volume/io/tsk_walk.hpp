// SPDX-License-Identifier: GPL-2.0-or-later
// All entries of a file system, as libtsk sees them.
#pragma once

#include <string>
#include <unordered_set>

#include "scanner-qube/volume/io/tsk_volume.hpp"

namespace scannerqube::volume {

enum class Deleted : std::uint8_t { leave_out, include };

// Folder by folder with a list of our own, so that depth, number and loops are ours to bound.
class TskWalk {
 public:
  TskWalk(TskVolume& volume, Deleted deleted, Sink& sink)
      : volume_(volume), deleted_(deleted), sink_(sink) {}
  void run();

 private:
  struct Folder {
    std::uint64_t address = 0;
    std::uint64_t parent = 0;
    std::string path = {};
    std::size_t depth = 0;
    State state = State::allocated;
  };
  enum class Go : std::uint8_t { on, stop };

  Go file_system(const std::string& root);
  Go root_streams(const std::string& root);
  Go folder(const Folder& folder);
  Go name(const Folder& folder, std::size_t index, void* directory);
  Go file(const Folder& folder, TSK_FS_FILE& file);
  Go content(TSK_FS_FILE& file, Entry entry, std::uint64_t errors);
  Go slack(const TSK_FS_ATTR& attribute, const Entry& owner);
  Go streams(TSK_FS_FILE& file, const Entry& owner, const TSK_FS_ATTR* main);
  Go put(Entry entry, std::uint64_t errors);
  Go enter(const Folder& folder, Entry entry, std::uint64_t errors);
  bool is_self_or_parent(const Folder& folder, const TSK_FS_FILE& file) const;
  bool shown(const TSK_FS_FILE& file) const;

  TskVolume& volume_;
  Deleted deleted_;
  Sink& sink_;
  std::vector<Folder> waiting_;
  std::unordered_set<std::uint64_t> visited_;
  std::unordered_set<std::uint64_t> shown_here_;  // of the folder under way
  bool is_ext_ = false;
};

}  // namespace scannerqube::volume
