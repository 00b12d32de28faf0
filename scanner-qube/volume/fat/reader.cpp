// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/fat/reader.hpp"

#include <algorithm>

namespace scannerqube::volume::fat {
namespace {

using base::wire::Bytes;

constexpr std::size_t piece = std::size_t{64} * 1024;  // of a folder, read at once

struct Folder {
  std::string path;  // with the slash after it
  std::size_t depth = 0;
  std::uint32_t first = 0;
  std::uint32_t parent = 0;
  std::vector<Range> runs;
};

class VolumeReader {
 public:
  VolumeReader(const WindowSource& volume, const Geometry& geometry, Sink& sink)
      : volume_(volume), clusters_(volume, geometry), sink_(sink) {}

  void run() {
    const Geometry& geometry = clusters_.geometry();
    Folder root{.path = {}, .first = geometry.root, .parent = geometry.root, .runs = {}};
    if (geometry.root_length != 0) {
      root.runs.push_back({.offset = geometry.root_at, .length = geometry.root_length});
    } else {
      root.runs = folder_runs(root.first, Item::Layout::chain, 0, root.path).runs;
    }
    waiting_.push_back(std::move(root));
    while (!waiting_.empty() && !stopped_) {
      const Folder next = std::move(waiting_.back());
      waiting_.pop_back();
      folder(next);
    }
  }

 private:
  void complain(Concern concern, const std::string& path, const std::string& what) {
    sink_.note(finding(concern, quote(path) + ": " + what));
  }

  Clusters::Followed folder_runs(std::uint32_t first, Item::Layout layout, std::uint64_t size,
                                 const std::string& path) {
    const std::uint64_t cluster = clusters_.geometry().cluster;
    const std::uint64_t limit = std::max<std::uint64_t>(max_fat_folder_bytes / cluster, 1);
    bool cut = false;
    Clusters::Followed followed;
    if (layout == Item::Layout::run) {
      const std::uint64_t wanted = (size + cluster - 1) / cluster;
      cut = wanted > limit;
      followed = clusters_.take_run(first, std::min(wanted, limit));
    } else {
      followed = clusters_.follow_to_end(first, limit, cut);
    }
    if (cut) complain(Concern::not_examined, path, "the folder is too long");
    if (followed.damage != Damage::none) {
      complain(Concern::chain_damaged, path, std::string(describe(followed.damage)));
    }
    if (followed.too_many_runs) complain(Concern::not_examined, path, "in too many pieces");
    return followed;
  }

  void folder(const Folder& folder) {
    FatFolder fat;
    ExfatFolder exfat;
    const bool is_exfat = clusters_.geometry().width == Width::exfat;
    std::size_t entries = 0;
    Items items;
    bool has_self = false;
    for (const Range& run : folder.runs) {
      const auto goes_on = [&] { return !is_exfat || items.ended == Items::Ended::no; };
      for (std::uint64_t at = 0; at < run.length && goes_on(); at += piece) {
        const auto length =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece, run.length - at));
        const auto bytes = read_some(volume_, run.offset + at, length);
        if (!bytes) return complain(Concern::read_error, folder.path, bytes.error().text);
        if (bytes->size() < length) complain(Concern::out_of_range, folder.path, "is cut off");
        is_exfat ? exfat.push(*bytes, items) : fat.push(*bytes, items);
        for (const std::string& damage : items.damages) {
          complain(Concern::table_damaged, folder.path, damage);
        }
        items.damages.clear();
        for (const Item& item : items.items) {
          has_self = has_self || item.kind == Item::Kind::self;
          if (++entries > max_folder_entries) {
            return complain(Concern::not_examined, folder.path, "too many entries");
          }
          if (!put(folder, item)) return;
        }
        items.items.clear();
        if (bytes->size() < length) return;
      }
    }
    // Every folder but the root begins with a record of itself: other clusters have none.
    if (!is_exfat && folder.depth > 0 && !has_self) {
      complain(Concern::contradiction, folder.path, "a folder without itself in it");
    }
  }

  bool put(const Folder& folder, const Item& item) {
    if (item.kind == Item::Kind::self && item.first == folder.first) return true;
    if (item.kind == Item::Kind::parent) {
      const bool to_root = folder.depth == 1 && item.first == 0;
      if (item.first == folder.parent || to_root) return true;
    }
    Entry entry{.path = folder.path + item.name, .size = item.size};
    if (entry.path.size() > max_path) {
      complain(Concern::not_examined, entry.path, "a path is too long");
      entry.path.resize(max_path);
      entry.reason = Reason::path_too_long;
    } else if (item.kind == Item::Kind::file || item.kind == Item::Kind::special) {
      content(item, entry);
    } else {
      enter(folder, item, entry);
    }
    stopped_ = !sink_.entry(std::move(entry));
    return !stopped_;
  }

  void enter(const Folder& folder, const Item& item, Entry& entry) {
    entry.kind = Kind::directory;
    entry.size = 0;
    if (item.kind == Item::Kind::self || item.kind == Item::Kind::parent) {
      complain(Concern::contradiction, entry.path, "leads to another folder than it says");
    }
    if (folder.depth == max_depth) {
      entry.reason = Reason::depth;
      return complain(Concern::not_examined, entry.path, "folders too deep");
    }
    Folder next{.path = entry.path + "/",
                .depth = folder.depth + 1,
                .first = item.first,
                .parent = folder.first,
                .runs = {}};
    auto followed = folder_runs(item.first, item.layout, item.size, entry.path);
    const bool used = followed.damage == Damage::loop || followed.damage == Damage::cross_link;
    if (used) {
      entry.reason = Reason::loop;
      return;
    }
    next.runs = std::move(followed.runs);
    waiting_.push_back(std::move(next));
  }

  void content(const Item& item, Entry& entry) {
    const std::uint64_t cluster = clusters_.geometry().cluster;
    entry.content = Content::extents;
    if (item.size == 0) {
      if (item.first != 0) complain(Concern::chain_damaged, entry.path, "clusters, but no size");
      return;
    }
    // Rounded up without adding to a size that may be the largest there is.
    const std::uint64_t wanted = item.size / cluster + (item.size % cluster != 0 ? 1 : 0);
    const auto followed = item.layout == Item::Layout::run ? clusters_.take_run(item.first, wanted)
                                                           : clusters_.follow(item.first, wanted);
    if (followed.damage != Damage::none) {
      complain(Concern::chain_damaged, entry.path, std::string(describe(followed.damage)));
    }
    if (followed.count < wanted) {
      entry.content = Content::none;
      entry.reason = followed.damage == Damage::too_short ? Reason::size_lies : Reason::unreadable;
      return;
    }
    std::uint64_t done = 0;
    bool fits = !followed.too_many_runs;
    for (const Range& run : followed.runs) {
      if (run.end() > volume_.size()) {
        complain(Concern::out_of_range, entry.path, "lies beyond the medium");
        return none(entry, Reason::unreadable);
      }
      const std::uint64_t filled = std::min(run.length, item.filled - std::min(done, item.filled));
      fits = fits && append_extent(entry.extents, {.where = {.offset = volume_.start() + run.offset,
                                                             .length = filled}});
      done += filled;
      if (filled < run.length) break;
    }
    if (fits && done < item.size) {
      fits = append_extent(entry.extents, {.where = {.offset = 0, .length = item.size - done},
                                           .backing = Backing::zeros});
    }
    if (!fits) none(entry, Reason::too_many_extents);
    if (!fits) complain(Concern::not_examined, entry.path, "in too many pieces");
  }

  static void none(Entry& entry, Reason reason) {
    entry.content = Content::none;
    entry.reason = reason;
    entry.extents.clear();
  }

  const WindowSource& volume_;
  Clusters clusters_;
  Sink& sink_;
  std::vector<Folder> waiting_;
  bool stopped_ = false;
};

}  // namespace

void list(const Source& source, Range part, FileSystem kind, Sink& sink) {
  const LatchingSource latch(source);
  const WindowSource volume(latch, part);
  const auto boot = read_some(volume, 0, 512);
  if (!boot)
    return sink.note(finding(Concern::read_error, "the first sector: " + boot.error().text));
  const auto geometry = kind == FileSystem::exfat ? parse_exfat_boot(*boot) : parse_fat_boot(*boot);
  if (!geometry) return sink.note(finding(Concern::table_damaged, geometry.error().text));
  VolumeReader(volume, *geometry, sink).run();
  if (const auto& error = latch.first()) {
    sink.note(finding(Concern::read_error, "reading again, first at " +
                                               std::to_string(error->offset) + ": " + error->text));
  }
}

}  // namespace scannerqube::volume::fat
