// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/iso/reader.hpp"

#include <algorithm>
#include <unordered_set>

#include "scanner-qube/volume/iso/folder.hpp"

namespace scannerqube::volume::iso {
namespace {

constexpr std::uint64_t sector = 2048;
constexpr int max_continuations = 8;

struct Folder {
  std::string path;  // with the slash after it
  std::size_t depth = 0;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

class TreeReader {
 public:
  TreeReader(const WindowSource& disc, const Tree& tree, std::uint64_t& budget, Sink& sink)
      : disc_(disc), tree_(tree), budget_(budget), sink_(sink) {}

  void run() {
    for (const std::string& damage : tree_.damages) complain(Concern::contradiction, "", damage);
    visited_.insert(tree_.root);
    waiting_.push_back({.path = {}, .first = tree_.root, .size = tree_.root_size});
    while (!waiting_.empty() && !stopped_) {
      const Folder next = std::move(waiting_.back());
      waiting_.pop_back();
      folder(next);
      if (waiting_.empty()) enter_relocated();
    }
  }

 private:
  void complain(Concern concern, const std::string& path, const std::string& what) {
    sink_.note(finding(concern, quote(path) + ": " + what));
  }

  void folder(const Folder& folder) {
    const std::uint64_t size = std::min<std::uint64_t>(folder.size, max_iso_folder_bytes);
    if (size != folder.size) {
      complain(Concern::not_examined, folder.path, "the folder is too long");
    }
    // Each byte that is read comes off: folders may claim each other's blocks in many ways.
    if (size > budget_) {
      stopped_ = true;
      return complain(Concern::not_examined, folder.path, "folders too long together");
    }
    budget_ -= size;
    for (std::uint64_t at = 0; at < size && !stopped_; at += sector) {
      const auto length = static_cast<std::size_t>(std::min(sector, size - at));
      const auto bytes = read_some(disc_, folder.first * tree_.block + at, length);
      if (!bytes) return complain(Concern::read_error, folder.path, bytes.error().text);
      Sector records(*bytes, tree_.letters);
      while (const auto record = records.next()) {
        if (stopped_) return;
        take(folder, *record);
      }
      if (!records.damage().empty()) {
        complain(Concern::table_damaged, folder.path, records.damage());
      }
      if (bytes->size() < length) {
        return complain(Concern::out_of_range, folder.path, "is cut off");
      }
    }
    finish_file();
  }

  void take(const Folder& folder, const FolderRecord& record) {
    const bool named =
        record.kind == FolderRecord::Kind::file || record.kind == FolderRecord::Kind::folder;
    const std::string path = folder.path + record.name;
    if (!record.damage.empty()) complain(Concern::contradiction, path, record.damage);
    if (!named) return;
    if (path.size() > max_path - 1) {
      return complain(Concern::not_examined, path, "a path is too long");
    }
    const Fields fields = all_fields(path, record.fields);
    if (fields.relocated) {
      if (relocated_.size() == max_folder_entries) {
        return complain(Concern::not_examined, path, "too many folders that stand elsewhere");
      }
      relocated_.push_back(
          {.path = path + "/", .depth = folder.depth + 1, .first = *fields.relocated});
    } else if (record.kind == FolderRecord::Kind::folder) {
      enter({.path = path + "/",
             .depth = folder.depth + 1,
             .first = record.first,
             .size = record.size});
    } else {
      file(path, record, fields);
    }
  }

  // Those of the record, and of the blocks that it names for more.
  Fields all_fields(const std::string& path, Fields fields) {
    for (int hops = 0; fields.continued; ++hops) {
      const Continuation more = *fields.continued;
      fields.continued.reset();
      if (hops == max_continuations || more.length > sector || more.offset > sector) {
        complain(Concern::not_examined, path, "too many Rock Ridge fields");
        return fields;
      }
      const auto bytes =
          read_some(disc_, std::uint64_t{more.block} * tree_.block + more.offset, more.length);
      if (!bytes) {
        complain(Concern::read_error, path, bytes.error().text);
        return fields;
      }
      const Fields next = parse_fields(*bytes);
      fields.compressed = fields.compressed || next.compressed;
      if (next.relocated) fields.relocated = next.relocated;
      fields.continued = next.continued;
    }
    return fields;
  }

  void enter(Folder next) {
    Entry entry{.path = next.path.substr(0, next.path.size() - 1), .kind = Kind::directory};
    if (!visited_.insert(next.first).second) {
      entry.reason = Reason::loop;
      complain(Concern::table_loop, entry.path, "a folder that was met before");
    } else if (next.depth > max_depth) {
      entry.reason = Reason::depth;
      complain(Concern::not_examined, entry.path, "folders too deep");
    } else {
      waiting_.push_back(std::move(next));
    }
    put(std::move(entry));
  }

  // Rock Ridge moves deep folders to one that plain drivers see; usually they were met there.
  void enter_relocated() {
    while (!relocated_.empty() && waiting_.empty()) {
      Folder next = std::move(relocated_.back());
      relocated_.pop_back();
      if (!visited_.insert(next.first).second) continue;
      const auto bytes = read_some(disc_, next.first * tree_.block, sector);
      std::optional<FolderRecord> self;
      if (bytes) self = Sector(*bytes, tree_.letters).next();
      if (!self || self->kind != FolderRecord::Kind::self || next.depth > max_depth) {
        complain(Concern::not_examined, next.path, "a folder that stands elsewhere");
        continue;
      }
      next.size = self->size;
      waiting_.push_back(std::move(next));
    }
  }

  void file(const std::string& path, const FolderRecord& record, const Fields& fields) {
    if (pending_ && pending_->path != path) finish_file();
    if (!pending_) pending_ = Entry{.path = path, .content = Content::extents};
    Entry& entry = *pending_;
    entry.size += record.size;
    const std::uint64_t at = record.first * tree_.block;
    const bool inside = at <= disc_.size() && record.size <= disc_.size() - at;
    if (fields.compressed) {
      none(entry, Reason::compressed, "compressed by zisofs");
    } else if (!inside && record.size != 0) {
      none(entry, Reason::size_lies, "lies beyond the medium");
    } else if (entry.reason == Reason::none &&
               !append_extent(entry.extents,
                              {.where = {.offset = disc_.start() + at, .length = record.size}})) {
      none(entry, Reason::too_many_extents, "in too many pieces");
    }
    if (!record.continues) finish_file();
  }

  void finish_file() {
    if (!pending_) return;
    put(std::move(*pending_));
    pending_.reset();
  }

  void none(Entry& entry, Reason reason, const std::string& what) {
    complain(Concern::not_examined, entry.path, what);
    entry.content = Content::none;
    entry.reason = reason;
    entry.extents.clear();
  }

  void put(Entry entry) {
    if (!sink_.entry(std::move(entry))) stopped_ = true;
  }

  const WindowSource& disc_;
  const Tree& tree_;
  std::uint64_t& budget_;
  Sink& sink_;
  std::vector<Folder> waiting_;
  std::vector<Folder> relocated_;
  std::unordered_set<std::uint64_t> visited_;
  std::optional<Entry> pending_;
  bool stopped_ = false;
};

}  // namespace

void list(const Source& source, Range part, Sink& sink) {
  const LatchingSource latch(source);
  const WindowSource disc(latch, part);
  std::uint64_t budget = max_iso_folders_together;
  bool ended = false;
  bool any = false;
  for (std::size_t i = 0; i < max_descriptors && !ended; ++i) {
    const auto bytes = read_some(disc, first_descriptor + i * descriptor_size, descriptor_size);
    const auto descriptor = bytes ? parse_descriptor(*bytes) : std::nullopt;
    if (!descriptor) break;
    ended = descriptor->kind == Descriptor::Kind::end;
    if (descriptor->kind != Descriptor::Kind::tree) continue;
    any = true;
    TreeReader(disc, descriptor->tree, budget, sink).run();
  }
  if (!ended) sink.note(finding(Concern::table_damaged, "the volume descriptors have no end"));
  if (!any) sink.note(finding(Concern::table_damaged, "no volume descriptor has a root folder"));
  if (const auto& error = latch.first()) {
    sink.note(finding(Concern::read_error, "reading again, first at " +
                                               std::to_string(error->offset) + ": " + error->text));
  }
}

}  // namespace scannerqube::volume::iso
