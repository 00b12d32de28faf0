// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/tsk_walk.hpp"

#include <tsk/libtsk.h>

#include <algorithm>
#include <string_view>

#include "scanner-qube/volume/io/tsk_content.hpp"
#include "scanner-qube/volume/io/tsk_ext.hpp"
#include "scanner-qube/volume/io/tsk_facts.hpp"

namespace scannerqube::volume {
namespace {

struct CloseFolder {
  void operator()(TSK_FS_DIR* folder) const { tsk_fs_dir_close(folder); }
};
struct CloseFile {
  void operator()(TSK_FS_FILE* file) const { tsk_fs_file_close(file); }
};

}  // namespace

void TskWalk::run() {
  for (std::size_t i = 0; i < volume_.volumes(); ++i) {
    volume_.select(i);
    // Two volumes may have the same paths.
    const bool alone = volume_.volumes() == 1;
    if (file_system(alone ? "" : "volume " + std::to_string(i + 1) + "/") == Go::stop) break;
  }
  if (const auto& error = volume_.first_error()) {
    sink_.note(finding(Concern::read_error,
                       std::to_string(volume_.errors()) + " reads of the medium failed, first at " +
                           std::to_string(error->offset) + ": " + error->text));
  }
}

TskWalk::Go TskWalk::file_system(const std::string& root) {
  const TSK_FS_INFO& fs = *volume_.fs();
  if ((fs.flags & TSK_FS_INFO_FLAG_ENCRYPTED) != 0) {
    sink_.note(finding(Concern::not_examined, "the file system is encrypted"));
    return Go::on;
  }
  if (fs.last_block > fs.last_block_act) {
    sink_.note(finding(Concern::out_of_range,
                       "the file system says it has " + std::to_string(fs.last_block + 1) +
                           " blocks; its part holds " + std::to_string(fs.last_block_act + 1)));
  }
  is_ext_ = TSK_FS_TYPE_ISEXT(fs.ftype) != 0;
  if (is_ext_) check_ext_superblock(volume_, sink_);
  if (root_streams(root) == Go::stop) return Go::stop;
  waiting_ = {{.address = fs.root_inum, .parent = fs.root_inum, .path = root}};
  visited_ = {fs.root_inum};
  while (!waiting_.empty()) {
    const Folder next = std::move(waiting_.back());
    waiting_.pop_back();
    if (folder(next) == Go::stop) return Go::stop;
  }
  return Go::on;
}

// The root is in no folder, and what is hidden in its streams would be seen by nobody.
TskWalk::Go TskWalk::root_streams(const std::string& root) {
  const std::unique_ptr<TSK_FS_FILE, CloseFile> open(
      tsk_fs_file_open_meta(volume_.fs(), nullptr, volume_.fs()->root_inum));
  if (!open || open->meta == nullptr) return Go::on;  // the walk says so
  const Entry owner{.path = root + ".", .times = times_of(*open->meta)};
  return streams(*open, owner, tsk_fs_file_attr_get(open.get()));
}

TskWalk::Go TskWalk::folder(const Folder& folder) {
  tsk_error_reset();
  const std::uint64_t errors = volume_.errors();
  const std::unique_ptr<TSK_FS_DIR, CloseFolder> open(
      tsk_fs_dir_open_meta(volume_.fs(), folder.address));
  // libtsk looks for optional attributes and leaves an error where it finds none.
  const std::uint32_t left = tsk_error_get_errno();
  const bool complained = left != 0 && left != TSK_ERR_FS_ATTR_NOTFOUND;
  const bool failed = !open || complained || volume_.errors() != errors;
  if (failed && folder.state == State::allocated) {
    sink_.note(finding(
        volume_.errors() != errors ? Concern::read_error : Concern::not_examined,
        "folder " + quote(folder.path) + " is not all listed: libtsk: " + tsk_error_text()));
  }
  if (!open) return Go::on;
  std::size_t count = tsk_fs_dir_getsize(open.get());
  if (count > max_folder_entries) {
    sink_.note(finding(Concern::not_examined, "folder " + quote(folder.path) + " has " +
                                                  std::to_string(count) + " entries; listed are " +
                                                  std::to_string(max_folder_entries)));
    count = max_folder_entries;
  }
  shown_here_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    if (name(folder, i, open.get()) == Go::stop) return Go::stop;
  }
  if (is_ext_ && folder.state == State::allocated) {
    check_ext_folder(volume_, *open, shown_here_, folder.path, sink_);
  }
  return Go::on;
}

TskWalk::Go TskWalk::name(const Folder& folder, std::size_t index, void* directory) {
  tsk_error_reset();
  const std::uint64_t errors = volume_.errors();
  const std::unique_ptr<TSK_FS_FILE, CloseFile> open(
      tsk_fs_dir_get(static_cast<TSK_FS_DIR*>(directory), index));
  if (!open || open->name == nullptr || open->name->name == nullptr) {
    sink_.note(finding(Concern::not_examined, "an entry of folder " + quote(folder.path) +
                                                  ": libtsk: " + tsk_error_text()));
    return Go::on;
  }
  if (is_self_or_parent(folder, *open) || !shown(*open)) return Go::on;
  if ((open->name->flags & TSK_FS_NAME_FLAG_UNALLOC) == 0) {
    shown_here_.insert(open->name->meta_addr);
  }
  if (volume_.errors() != errors) {
    return put({.path = folder.path + open->name->name, .kind = kind_of(*open)}, errors);
  }
  return file(folder, *open);
}

bool TskWalk::is_self_or_parent(const Folder& folder, const TSK_FS_FILE& file) const {
  const std::string_view name = file.name->name;
  // Only where they point to what their name says; else they are entries like others.
  if (name == ".") return file.name->meta_addr == folder.address;
  return name == ".." && file.name->meta_addr == folder.parent;
}

bool TskWalk::shown(const TSK_FS_FILE& file) const {
  // libtsk's own inventions: $MBR, $FAT1, $OrphanFiles.
  if (file.name->type == TSK_FS_NAME_TYPE_VIRT) return false;
  if (file.name->type == TSK_FS_NAME_TYPE_VIRT_DIR && deleted_ == Deleted::leave_out) return false;
  if (is_label(*volume_.fs(), file)) return false;
  return deleted_ == Deleted::include || (file.name->flags & TSK_FS_NAME_FLAG_UNALLOC) == 0;
}

TskWalk::Go TskWalk::file(const Folder& folder, TSK_FS_FILE& file) {
  const std::uint64_t errors = volume_.errors();
  const std::string_view own_name = file.name->name;
  Entry entry{.path = folder.path + std::string(own_name), .kind = kind_of(file)};
  entry.handle.address = file.name->meta_addr;
  const bool orphans = file.name->type == TSK_FS_NAME_TYPE_VIRT_DIR;
  if (orphans || (file.name->flags & TSK_FS_NAME_FLAG_UNALLOC) != 0) entry.state = State::deleted;
  if (own_name.find('/') != std::string_view::npos) {
    sink_.note(finding(Concern::odd_name, "a name with a slash in it: " + quote(entry.path)));
  }
  if (entry.path.size() > max_path - 1) {
    sink_.note(finding(Concern::not_examined, "a path is too long: " + quote(entry.path)));
    entry.path.resize(max_path - 1);
    entry.reason = Reason::path_too_long;
    return put(std::move(entry), errors);
  }
  // Where libtsk fails in an inode of APFS, it leaves one of zeros.
  if (file.meta == nullptr || file.meta->addr != file.name->meta_addr) {
    entry.reason = Reason::unreadable;
    return put(std::move(entry), errors);
  }
  entry.times = times_of(*file.meta);
  if (entry.state == State::allocated && kinds_differ(file)) {
    sink_.note(
        finding(Concern::contradiction,
                quote(entry.path) + " is a folder by its name only, or by its content only"));
  }
  const Kind kind = entry.kind;
  if (kind == Kind::directory) {
    if (streams(file, entry, tsk_fs_file_attr_get(&file)) == Go::stop) return Go::stop;
    return enter(folder, std::move(entry), errors);
  }
  if (kind == Kind::symlink) {
    const std::string_view target = file.meta->link == nullptr ? "" : file.meta->link;
    entry.size = target.size();
    entry.reason = target.size() > max_resident ? Reason::size_lies : Reason::none;
    if (entry.reason == Reason::none) {
      const auto bytes = base::wire::as_bytes(target);
      entry.resident.assign(bytes.begin(), bytes.end());
      entry.content = Content::resident;
    }
  }
  if (kind == Kind::symlink || kind == Kind::special) {
    if (streams(file, entry, tsk_fs_file_attr_get(&file)) == Go::stop) return Go::stop;
    return put(std::move(entry), errors);
  }
  return content(file, std::move(entry), errors);
}

TskWalk::Go TskWalk::content(TSK_FS_FILE& file, Entry entry, std::uint64_t errors) {
  tsk_error_reset();
  const TSK_FS_ATTR* main = tsk_fs_file_attr_get(&file);
  if (main == nullptr) {
    const bool empty = is_without_content(*volume_.fs(), file);
    entry.size = static_cast<std::uint64_t>(std::max<TSK_OFF_T>(file.meta->size, 0));
    entry.content = empty ? Content::resident : Content::none;
    entry.reason = empty ? Reason::none : Reason::unreadable;
  } else {
    describe_content(volume_, *main, entry);
    if (needs_its_driver(*volume_.fs(), file, *main)) {
      entry.content = Content::none;
      entry.reason = Reason::not_supported;
      entry.extents.clear();
      entry.resident.clear();
    }
  }
  const Entry owner{.path = entry.path, .state = entry.state, .times = entry.times};
  if (put(std::move(entry), errors) == Go::stop) return Go::stop;
  if (main != nullptr && slack(*main, owner) == Go::stop) return Go::stop;
  return streams(file, owner, main);
}

// Of files that are there: a deleted one may have lost its clusters to others.
TskWalk::Go TskWalk::slack(const TSK_FS_ATTR& attribute, const Entry& owner) {
  constexpr std::string_view mark = " [slack]";
  const bool wanted = deleted_ == Deleted::include && owner.state == State::allocated;
  if (!wanted || owner.path.size() + mark.size() > max_path) return Go::on;
  const std::uint64_t errors = volume_.errors();
  Entry entry{.path = owner.path + std::string(mark), .kind = Kind::slack, .state = owner.state};
  entry.times = owner.times;
  describe_slack(volume_, attribute, entry);
  return entry.size == 0 ? Go::on : put(std::move(entry), errors);
}

TskWalk::Go TskWalk::streams(TSK_FS_FILE& file, const Entry& owner, const TSK_FS_ATTR* main) {
  const int count = tsk_fs_file_attr_getsize(&file);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t errors = volume_.errors();
    const TSK_FS_ATTR* attribute = tsk_fs_file_attr_get_idx(&file, i);
    if (attribute == nullptr || attribute == main) continue;
    if (!is_stream(*volume_.fs(), attribute->type)) continue;
    if (owner.kind == Kind::symlink && is_link_target(*volume_.fs(), *attribute)) continue;
    Entry entry{.path = owner.path + ":", .kind = Kind::stream, .state = owner.state};
    entry.times = owner.times;
    const bool named = attribute->name != nullptr && *attribute->name != 0;
    entry.path += named ? std::string(attribute->name)
                        : "#" + std::to_string(static_cast<unsigned>(attribute->type));
    describe_content(volume_, *attribute, entry);
    if (entry.path.size() > max_path) {
      sink_.note(finding(Concern::not_examined, "a path is too long: " + quote(entry.path)));
      entry = Entry{.kind = Kind::stream, .reason = Reason::path_too_long};
      entry.path = owner.path;
    }
    if (put(std::move(entry), errors) == Go::stop) return Go::stop;
  }
  return Go::on;
}

TskWalk::Go TskWalk::enter(const Folder& folder, Entry entry, std::uint64_t errors) {
  Folder next{.address = entry.handle.address,
              .parent = folder.address,
              .path = entry.path + "/",
              .depth = folder.depth + 1,
              .state = entry.state};
  if (!visited_.insert(next.address).second) {
    // A deleted folder's number may have been given to another since.
    if (entry.state == State::allocated) entry.reason = Reason::loop;
  } else if (next.depth > max_depth) {
    entry.reason = Reason::depth;
  } else if (waiting_.size() == max_entries) {
    entry.reason = Reason::too_many_entries;
  } else {
    waiting_.push_back(std::move(next));
  }
  return put(std::move(entry), errors);
}

TskWalk::Go TskWalk::put(Entry entry, std::uint64_t errors) {
  if (volume_.errors() != errors) {
    entry.content = Content::none;
    entry.reason = Reason::unreadable;
    entry.extents.clear();
    entry.resident.clear();
  }
  // Everything that is there but cannot be had is a gap, and said to be one.
  const bool gap = entry.content == Content::none && entry.reason != Reason::none;
  if (gap && entry.state == State::allocated) {
    sink_.note(finding(Concern::not_examined,
                       quote(entry.path) + ": " + std::string(name_of(entry.reason))));
  }
  return sink_.entry(std::move(entry)) ? Go::on : Go::stop;
}

}  // namespace scannerqube::volume
