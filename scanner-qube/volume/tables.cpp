// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/tables.hpp"

#include <algorithm>
#include <array>

#include "scanner-qube/volume/foreign_tables.hpp"
#include "scanner-qube/volume/gpt.hpp"
#include "scanner-qube/volume/mbr.hpp"
#include "scanner-qube/volume/recognise.hpp"

namespace scannerqube::volume {
namespace {

constexpr std::size_t max_overlaps = 64;

// Where to look for the tables of disks with sectors of 512 and of 4096 bytes.
struct Copies {
  std::uint32_t sector = 512;
  std::optional<Gpt> primary;
  std::optional<Gpt> backup;
  std::uint64_t backup_at = 0;
};

std::vector<Copies> find_copies(const Source& source) {
  std::vector<Copies> all;
  for (const std::uint32_t sector : {512U, 4096U}) {
    Copies found{.sector = sector, .primary = {}, .backup = {}};
    found.primary = read_gpt(source, sector, sector, TableKind::gpt);
    const std::uint64_t sectors = source.size() / sector;
    if (sectors < 2) continue;
    found.backup_at = (sectors - 1) * sector;
    found.backup = read_gpt(source, found.backup_at, sector, TableKind::gpt_backup);
    if (!found.backup && found.primary && found.primary->other > sector) {
      found.backup_at = found.primary->other;
      found.backup = read_gpt(source, found.backup_at, sector, TableKind::gpt_backup);
    }
    if (found.primary || found.backup) all.push_back(std::move(found));
  }
  if (all.empty()) all.emplace_back();
  return all;
}

bool same(const Part& one, const Part& other) {
  return one.where == other.where && one.type == other.type;
}

bool same_parts(const std::vector<Part>& one, const std::vector<Part>& other) {
  return std::ranges::equal(one, other, same);
}

class Builder {
 public:
  explicit Builder(const Source& source) : source_(source) {}

  Layout build() {
    // Which size a device's sectors have is not in its bytes.
    const std::vector<Copies> all = find_copies(source_);
    const Copies& copies = all.front();
    auto mbr = read_mbr(source_, copies.sector);
    for (const Copies& one : all) gpt(one);
    if (all.size() > 1) {
      complain(Concern::contradiction, "a GPT for sectors of 512 bytes and one for 4096");
    }
    if (mbr) this->mbr(*mbr, copies);
    if (mbr) other_sectors(copies.sector == 512 ? 4096 : 512);
    for (const std::string& name : foreign_tables(source_, layout_.parts)) {
      complain(Concern::not_examined, name + ": nothing here reads one");
    }
    if (!mbr && (copies.primary || copies.backup)) {
      complain(Concern::contradiction, "a GPT without the protective MBR before it");
    }
    whole(mbr.has_value() || copies.primary || copies.backup);
    finish();
    return std::move(layout_);
  }

 private:
  void complain(Concern concern, std::string text) {
    if (layout_.findings.size() < max_findings) {
      layout_.findings.push_back(finding(concern, std::move(text)));
    }
  }

  void add(Part part) {
    if (layout_.parts.size() < max_parts) {
      layout_.parts.push_back(std::move(part));
    } else if (!full_) {
      full_ = true;
      complain(Concern::not_examined, "more than " + std::to_string(max_parts) + " partitions");
    }
  }

  // A part of a second table that no table before had.
  void add_new(const Part& part) {
    const auto known = [&part](const Part& other) { return other.where == part.where; };
    if (std::ranges::none_of(layout_.parts, known)) add(part);
  }

  void gpt(const Copies& copies) {
    for (const auto* copy : {&copies.primary, &copies.backup}) {
      if (!*copy) continue;
      const char* name = copy == &copies.primary ? "the first GPT has " : "the backup GPT has ";
      for (const std::string& damage : (*copy)->damages) {
        complain(Concern::table_damaged, name + damage);
      }
      for (const Range& where : (*copy)->tables) {
        layout_.areas.push_back({.kind = AreaKind::table, .where = where});
      }
      for (const Part& part : (*copy)->parts) add_new(part);
    }
    if (copies.primary.has_value() != copies.backup.has_value()) {
      complain(Concern::table_damaged,
               copies.primary ? "there is no backup GPT" : "there is only the backup GPT");
    }
    if (!copies.primary || !copies.backup) return;
    if (!same_parts(copies.primary->parts, copies.backup->parts)) {
      complain(Concern::contradiction, "the two copies of the GPT have different partitions");
    }
    const std::uint64_t end = source_.size() / copies.sector * copies.sector - copies.sector;
    if (copies.backup_at != end || copies.primary->other != copies.backup_at) {
      complain(Concern::contradiction, "the backup GPT is not where the first one says");
    }
  }

  void mbr(const Mbr& found, const Copies& copies) {
    for (const Finding& f : found.findings) complain(f.concern, f.text);
    for (const Range& where : found.tables) {
      layout_.areas.push_back({.kind = AreaKind::table, .where = where});
    }
    layout_.areas.push_back({.kind = AreaKind::boot_code, .where = {.offset = 0, .length = 446}});
    const bool has_gpt = copies.primary || copies.backup;
    if (found.protective && !has_gpt) {
      complain(Concern::contradiction, "a protective MBR, but no GPT");
    }
    if (has_gpt && !found.parts.empty()) {
      complain(Concern::contradiction,
               found.protective ? "a hybrid: the MBR has partitions beside the GPT's"
                                : "an MBR with partitions, and a GPT that it does not protect");
    }
    for (const Part& part : found.parts) add_new(part);
  }

  // The same MBR means other places to a device with sectors of another size.
  void other_sectors(std::uint32_t sector) {
    const auto found = read_mbr(source_, sector);
    if (!found) return;
    for (const Part& part : found->parts) {
      const Recognised looks = recognise(source_, part.where);
      const auto known = [&part](const Part& other) {
        return other.where.offset == part.where.offset;
      };
      if (std::ranges::any_of(layout_.parts, known)) continue;
      if (std::ranges::none_of(looks.kinds, has_reader)) continue;
      add(part);
      complain(Concern::ambiguous, "with sectors of " + std::to_string(sector) +
                                       " bytes the MBR has another file system at byte " +
                                       std::to_string(part.where.offset));
    }
  }

  // A file system may begin at the first byte, with a table or without.
  void whole(bool has_table) {
    const Range all{.offset = 0, .length = source_.size()};
    if (all.length == 0) return;
    const Recognised looks = recognise(source_, all);
    const bool known = std::ranges::any_of(looks.kinds, [](FileSystem kind) {
      return kind != FileSystem::unknown && kind != FileSystem::empty && kind != FileSystem::random;
    });
    if (has_table && !known) return;
    Part part{.where = all, .table = TableKind::none, .type = "whole", .note = {}};
    if (has_table) {
      part.note = "a file system beside the partition table";
      complain(Concern::ambiguous, "the medium has a partition table and is a " +
                                       std::string(name_of(looks.kinds.front())) +
                                       " file system as a whole");
    }
    add(std::move(part));
  }

  void finish() {
    auto& parts = layout_.parts;
    std::ranges::stable_sort(parts, {}, [](const Part& part) { return part.where.offset; });
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i].number = static_cast<std::uint32_t>(i);
    overlaps();
    space();
  }

  void overlaps() {
    std::size_t found = 0;
    const auto& parts = layout_.parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].table == TableKind::none) continue;  // said already: ambiguous
      for (std::size_t j = i + 1; j < parts.size() && found < max_overlaps; ++j) {
        if (parts[j].where.offset >= parts[i].where.end()) break;
        if (parts[j].table == TableKind::none) continue;
        ++found;
        complain(Concern::overlap,
                 "partitions " + std::to_string(i) + " and " + std::to_string(j) + " share bytes");
      }
      for (const Area& area : layout_.areas) {
        const bool apart =
            area.where.end() <= parts[i].where.offset || area.where.offset >= parts[i].where.end();
        if (apart || found == max_overlaps) continue;
        ++found;
        complain(Concern::overlap, "partition " + std::to_string(i) + " covers a table");
      }
    }
  }

  void space() {
    std::vector<Range> used;
    for (const Area& area : layout_.areas) used.push_back(area.where);
    for (const Part& part : layout_.parts) used.push_back(part.where);
    std::ranges::sort(used, {}, &Range::offset);
    std::uint64_t at = 0;
    const auto gap = [this, &at](std::uint64_t end) {
      if (end <= at) return;
      if (layout_.areas.size() == max_areas) {
        return complain(Concern::not_examined, "more areas outside partitions than are listed");
      }
      layout_.areas.push_back(
          {.kind = AreaKind::space, .where = {.offset = at, .length = end - at}});
    };
    for (const Range& range : used) {
      gap(range.offset);
      at = std::max(at, range.end());
    }
    gap(source_.size());
    std::ranges::sort(layout_.areas, {}, [](const Area& area) { return area.where.offset; });
  }

  const Source& source_;
  Layout layout_;
  bool full_ = false;
};

}  // namespace

Layout read_tables(const Source& source) {
  const LatchingSource latch(source);
  Layout layout = Builder(latch).build();
  // Without this a table that could not be read would look like none.
  if (const auto& error = latch.first()) {
    layout.findings.push_back(finding(
        Concern::read_error,
        "looking for partition tables, at " + std::to_string(error->offset) + ": " + error->text));
  }
  return layout;
}

}  // namespace scannerqube::volume
