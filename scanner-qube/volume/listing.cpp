// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/listing.hpp"

#include <algorithm>
#include <array>

#include "base/wire/escape.hpp"

namespace scannerqube::volume {
namespace {

// The enumerators' names in their order; values are checked where they are parsed.
template <std::size_t size, class Enum>
std::string_view pick(const std::array<std::string_view, size>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < size ? names.at(index) : std::string_view("?");
}

}  // namespace

bool has_reader(FileSystem kind) {
  switch (kind) {
    case FileSystem::fat:
    case FileSystem::exfat:
    case FileSystem::ntfs:
    case FileSystem::ext:
    case FileSystem::iso9660:
    case FileSystem::hfs_plus:
    case FileSystem::apfs:
      return true;
    case FileSystem::unknown:
    case FileSystem::empty:
    case FileSystem::random:
    case FileSystem::luks:
    case FileSystem::bitlocker:
    case FileSystem::udf:
    case FileSystem::other:
      return false;
  }
  return false;
}

bool has_content(Kind kind) {
  return kind == Kind::file || kind == Kind::stream || kind == Kind::slack;
}

bool is_encrypted(FileSystem kind) {
  return kind == FileSystem::luks || kind == FileSystem::bitlocker;
}

bool append_extent(std::vector<Extent>& extents, const Extent& next) {
  if (next.where.length == 0) return true;
  if (!extents.empty()) {
    Extent& last = extents.back();
    const bool touches = last.backing == next.backing &&
                         (next.backing == Backing::zeros || last.where.end() == next.where.offset);
    if (touches) {
      last.where.length += next.where.length;
      return true;
    }
  }
  if (extents.size() == max_extents) return false;
  extents.push_back(next);
  return true;
}

bool leaves_gap(Concern concern) {
  switch (concern) {
    case Concern::odd_name:
      return false;
    case Concern::overlap:
    case Concern::contradiction:
    case Concern::out_of_range:
    case Concern::table_damaged:
    case Concern::table_loop:
    case Concern::chain_damaged:
    case Concern::ambiguous:
    case Concern::difference:
    case Concern::not_examined:
    case Concern::read_error:
    case Concern::reader_ended:
      return true;
  }
  return true;
}

Finding finding(Concern concern, std::string text) {
  // Never longer than a record may carry, even where a path is quoted.
  if (text.size() > max_finding_text) {
    text.resize(max_finding_text - 3);
    text += "...";
  }
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return Finding{.concern = concern, .text = std::move(text)};
}

std::string quote(std::string_view path) { return "'" + base::wire::escape(path, 160) + "'"; }

bool Listing::entry(Entry entry) {
  if (entries.size() == max_entries) {
    note(finding(Concern::not_examined, "more than " + std::to_string(max_entries) + " entries"));
    return false;
  }
  entries.push_back(std::move(entry));
  return true;
}

void Listing::note(Finding finding) {
  if (findings.size() < max_findings) findings.push_back(std::move(finding));
}

bool Listing::complete() const {
  return findings.size() < max_findings &&
         std::ranges::none_of(findings, [](const Finding& f) { return leaves_gap(f.concern); });
}

std::string_view name_of(TableKind kind) {
  return pick<5>({"none", "mbr", "mbr-logical", "gpt", "gpt-backup"}, kind);
}
std::string_view name_of(AreaKind kind) { return pick<3>({"boot-code", "table", "space"}, kind); }
std::string_view name_of(FileSystem kind) {
  return pick<14>({"unknown", "empty", "random", "fat", "exfat", "ntfs", "ext", "iso9660",
                   "hfs-plus", "apfs", "luks", "bitlocker", "udf", "other"},
                  kind);
}
std::string_view name_of(Kind kind) {
  return pick<6>({"file", "directory", "symlink", "special", "stream", "slack"}, kind);
}
std::string_view name_of(Content content) {
  return pick<4>({"none", "extents", "resident", "through-read"}, content);
}
std::string_view name_of(Reason reason) {
  return pick<11>({"none", "compressed", "encrypted", "unreadable", "too-many-extents", "loop",
                   "depth", "path-too-long", "too-many-entries", "size-lies", "not-supported"},
                  reason);
}
std::string_view name_of(Concern concern) {
  return pick<12>(
      {"overlap", "out-of-range", "contradiction", "table-damaged", "table-loop", "chain-damaged",
       "ambiguous", "difference", "odd-name", "not-examined", "read-error", "reader-ended"},
      concern);
}

}  // namespace scannerqube::volume
