// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/tsk_content.hpp"

#include <tsk/libtsk.h>

#include <algorithm>

namespace scannerqube::volume {
namespace {

void none(Entry& entry, Reason reason) {
  entry.content = Content::none;
  entry.reason = reason;
  entry.extents.clear();
  entry.resident.clear();
}

void through_read(Entry& entry, Reason reason) {
  none(entry, reason);
  entry.content = Content::through_read;
}

// A hole has no run of its own in ext; elsewhere a missing run is a lost one.
bool holes_are_zeros(const TSK_FS_INFO& fs) { return TSK_FS_TYPE_ISEXT(fs.ftype); }

class Runs {
 public:
  // `from`: where in the attribute the entry begins.
  Runs(const TskVolume& volume, const TSK_FS_ATTR& attribute, Entry& entry, std::uint64_t from = 0)
      : window_(volume.window()),
        fs_(*volume.fs()),
        attribute_(attribute),
        entry_(entry),
        from_(from),
        initialised_(
            from > 0 ? from + entry.size
                     : static_cast<std::uint64_t>(std::max<TSK_OFF_T>(attribute.nrd.initsize, 0))) {
  }

  Reason collect() {
    skip_ = attribute_.nrd.skiplen + from_;
    std::uint64_t expected = 0;  // in blocks
    for (const TSK_FS_ATTR_RUN* run = attribute_.nrd.run; run != nullptr && rest() > 0;
         run = run->next) {
      if (run->offset != expected || run->len == 0) return Reason::unreadable;
      // No run is longer than the medium, but a hole may be: bounded by the size alone.
      if (run->len > (std::uint64_t{1} << 62) / fs_.block_size) return Reason::size_lies;
      if (const Reason bad = add(*run); bad != Reason::none) return bad;
      expected += run->len;
    }
    if (rest() == 0) return Reason::none;
    // NTFS: beyond the initialised size there need be no clusters.
    if (!holes_are_zeros(fs_) && from_ + done_ < initialised_) {
      return Reason::size_lies;
    }
    return put({.where = {.offset = 0, .length = rest()}, .backing = Backing::zeros});
  }

 private:
  std::uint64_t rest() const { return entry_.size - done_; }

  Reason add(const TSK_FS_ATTR_RUN& run) {
    if ((run.flags & TSK_FS_ATTR_RUN_FLAG_ENCRYPTED) != 0) return Reason::encrypted;
    const bool filler = (run.flags & TSK_FS_ATTR_RUN_FLAG_FILLER) != 0;
    if (filler && !holes_are_zeros(fs_)) return Reason::unreadable;
    std::uint64_t length = run.len * fs_.block_size;  // bounded by collect()
    const std::uint64_t skipped = std::min(skip_, length);
    skip_ -= skipped;
    length = std::min(length - skipped, rest());
    if (length == 0) return Reason::none;
    if (filler || (run.flags & TSK_FS_ATTR_RUN_FLAG_SPARSE) != 0) {
      return put({.where = {.offset = 0, .length = length}, .backing = Backing::zeros});
    }
    const std::uint64_t size = window_.size();
    if (run.addr > size / fs_.block_size) return Reason::unreadable;
    const std::uint64_t at = run.addr * fs_.block_size + skipped;
    if (at > size || size - at < length) return Reason::unreadable;  // beyond the part
    return put_initialised(window_.start() + at, length);
  }

  // What lies behind the initialised size reads as zeros, whatever the clusters hold.
  Reason put_initialised(std::uint64_t at, std::uint64_t length) {
    const std::uint64_t before = from_ + done_;
    const std::uint64_t filled =
        before < initialised_ ? std::min(initialised_ - before, length) : 0;
    if (const Reason bad = put({.where = {.offset = at, .length = filled}}); bad != Reason::none) {
      return bad;
    }
    return put({.where = {.offset = 0, .length = length - filled}, .backing = Backing::zeros});
  }

  Reason put(const Extent& extent) {
    if (!append_extent(entry_.extents, extent)) return Reason::too_many_extents;
    done_ += extent.where.length;
    return Reason::none;
  }

  const WindowSource& window_;
  const TSK_FS_INFO& fs_;
  const TSK_FS_ATTR& attribute_;
  Entry& entry_;
  std::uint64_t from_;
  std::uint64_t initialised_;  // of the attribute; of slack: all of it
  std::uint64_t skip_ = 0;
  std::uint64_t done_ = 0;
};

void describe_resident(const TSK_FS_ATTR& attribute, Entry& entry) {
  if (entry.size == 0) {
    entry.content = Content::resident;
    return;
  }
  if (attribute.rd.buf == nullptr || entry.size > attribute.rd.buf_size) {
    return none(entry, Reason::size_lies);
  }
  if (entry.size > max_resident) return through_read(entry, Reason::none);
  const auto bytes = std::as_bytes(std::span(attribute.rd.buf, attribute.rd.buf_size));
  const auto content = bytes.first(static_cast<std::size_t>(entry.size));
  entry.resident.assign(content.begin(), content.end());
  entry.content = Content::resident;
}

}  // namespace

void describe_content(const TskVolume& volume, const TSK_FS_ATTR& attribute, Entry& entry) {
  entry.handle.attribute = static_cast<std::uint32_t>(attribute.type);
  entry.handle.id = attribute.id;
  if (attribute.fs_file != nullptr && attribute.fs_file->meta != nullptr) {
    entry.handle.address = attribute.fs_file->meta->addr;
  }
  entry.handle.volume = volume.selected();
  if (attribute.size < 0) return none(entry, Reason::size_lies);
  entry.size = static_cast<std::uint64_t>(attribute.size);
  if ((attribute.flags & TSK_FS_ATTR_ENC) != 0) return none(entry, Reason::encrypted);
  if ((attribute.flags & TSK_FS_ATTR_COMP) != 0) return through_read(entry, Reason::compressed);
  if ((attribute.flags & TSK_FS_ATTR_RES) != 0) return describe_resident(attribute, entry);
  if ((attribute.flags & TSK_FS_ATTR_NONRES) == 0) return none(entry, Reason::unreadable);

  entry.content = Content::extents;
  const Reason bad = Runs(volume, attribute, entry).collect();
  if (bad == Reason::too_many_extents) return through_read(entry, bad);
  if (bad != Reason::none) return none(entry, bad);
  // Raw sectors of a CD with headers between: the ranges would take those in.
  const TSK_FS_INFO& fs = *volume.fs();
  if (fs.block_pre_size != 0 || fs.block_post_size != 0) through_read(entry, Reason::none);
}

void describe_slack(const TskVolume& volume, const TSK_FS_ATTR& attribute, Entry& entry) {
  constexpr auto apart = TSK_FS_ATTR_ENC | TSK_FS_ATTR_COMP | TSK_FS_ATTR_RES;
  const bool in_clusters =
      (attribute.flags & TSK_FS_ATTR_NONRES) != 0 && (attribute.flags & apart) == 0;
  if (!in_clusters || attribute.size <= 0 || attribute.nrd.allocsize <= attribute.size) return;
  entry.size = static_cast<std::uint64_t>(attribute.nrd.allocsize - attribute.size);
  entry.content = Content::extents;
  const auto from = static_cast<std::uint64_t>(attribute.size);
  const TSK_FS_INFO& fs = *volume.fs();
  const Reason bad = Runs(volume, attribute, entry, from).collect();
  if (bad != Reason::none || fs.block_pre_size != 0 || fs.block_post_size != 0) {
    none(entry, bad == Reason::none ? Reason::not_supported : bad);
  }
}

}  // namespace scannerqube::volume
