// SPDX-License-Identifier: GPL-2.0-or-later
// What is on a medium: parts, areas outside them, file systems, entries, and what is wrong with it.
//
// Pure values. Paths are the medium's own bytes: escape before showing them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner-qube/volume/limits.hpp"
#include "scanner-qube/volume/source.hpp"

namespace scannerqube::volume {

enum class TableKind : std::uint8_t { none, mbr, mbr_logical, gpt, gpt_backup };
struct Part {
  std::uint32_t number = 0;  // in the order of the listing, from 0
  Range where = {};
  TableKind table = TableKind::none;
  std::string type = {};  // "0x0c", or a GUID
  std::string note = {};  // what is odd about it, for people; ASCII
  friend bool operator==(const Part&, const Part&) = default;
};

enum class AreaKind : std::uint8_t { boot_code, table, space };
struct Area {
  AreaKind kind = AreaKind::space;
  Range where = {};
  friend bool operator==(const Area&, const Area&) = default;
};

enum class FileSystem : std::uint8_t {
  unknown,
  empty,   // nothing but zeros at the start
  random,  // no structure at all: VeraCrypt and the like, or wiped
  fat,
  exfat,
  ntfs,
  ext,
  iso9660,
  hfs_plus,
  apfs,
  luks,
  bitlocker,
  udf,
  other,  // known by its signature, but there is no reader: XFS, btrfs, swap, LVM, ...
};
// Whether walk() reads it.
bool has_reader(FileSystem kind);
// Whether its signature says that there is a file system in it, under a key.
bool is_encrypted(FileSystem kind);

enum class Kind : std::uint8_t {
  file,
  directory,
  symlink,
  special,
  stream,
  slack,  // what the clusters of a file hold behind its end; listed with deleted files only
};
// Whether it has bytes that somebody could have put there.
bool has_content(Kind kind);
enum class State : std::uint8_t { allocated, deleted };
// How the content can be had.
enum class Content : std::uint8_t {
  none,          // not at all: `reason`
  extents,       // these ranges in this order are the content
  resident,      // in `resident`; of a symbolic link: its target
  through_read,  // by the reader only: `reason`
};
enum class Reason : std::uint8_t {
  none,
  compressed,
  encrypted,
  unreadable,
  too_many_extents,
  loop,
  depth,
  path_too_long,
  too_many_entries,
  size_lies,
  not_supported,
};
enum class Backing : std::uint8_t { medium, zeros };

struct Extent {
  Range where = {};  // on the medium; of zeros only the length counts
  Backing backing = Backing::medium;
  friend bool operator==(const Extent&, const Extent&) = default;
};
// Appends, merging with the last where they touch. False if there is no room.
bool append_extent(std::vector<Extent>& extents, const Extent& next);

// How a reader finds an entry again; means nothing to another.
struct Handle {
  std::uint16_t volume = 0;  // of an APFS container, from 0
  std::uint64_t address = 0;
  std::uint32_t attribute = 0;
  std::uint16_t id = 0;
  friend bool operator==(const Handle&, const Handle&) = default;
};

// Seconds since 1970, 0 where there is none; FAT's local times are taken as UTC.
struct Times {
  std::int64_t modified = 0;
  std::int64_t accessed = 0;
  std::int64_t changed = 0;
  std::int64_t created = 0;
  friend bool operator==(const Times&, const Times&) = default;
};

struct Entry {
  Handle handle = {};
  std::string path = {};  // "a/b", of a stream "a/b:name"
  Kind kind = Kind::file;
  State state = State::allocated;
  std::uint64_t size = 0;
  Content content = Content::none;
  Reason reason = Reason::none;
  std::vector<Extent> extents = {};
  std::vector<std::byte> resident = {};
  Times times = {};
  friend bool operator==(const Entry&, const Entry&) = default;
};

enum class Concern : std::uint8_t {
  overlap,        // two parts, or a part and a table, share bytes
  out_of_range,   // reaches beyond the medium
  contradiction,  // two tables, or two fields, that say different things
  table_damaged,  // a checksum or a field that cannot be
  table_loop,
  chain_damaged,  // clusters: loop, cross-link, end missing
  ambiguous,      // more than one file system in one part
  difference,     // two readers of one file system disagree
  odd_name,
  not_examined,  // a bound, an unknown or an encrypted file system, an unreadable entry
  read_error,
  reader_ended,  // a worker that crashed, hung, or spoke nonsense
};
// Whether something was left unread, so that no verdict may be clean.
bool leaves_gap(Concern concern);

struct Finding {
  Concern concern = Concern::not_examined;
  std::string text = {};  // printable ASCII, at most max_finding_text
  friend bool operator==(const Finding&, const Finding&) = default;
};
Finding finding(Concern concern, std::string text);
// A path as findings show it: escaped, between quotes, cut where it is long.
std::string quote(std::string_view path);

// Where readers put what they find. False: enough, stop.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool entry(Entry entry) = 0;
  virtual void note(Finding finding) = 0;

 protected:
  Sink() = default;
  Sink(const Sink&) = default;
  Sink& operator=(const Sink&) = default;
  Sink(Sink&&) = default;
  Sink& operator=(Sink&&) = default;
};

struct Listing final : Sink {
  std::vector<Entry> entries = {};
  std::vector<Finding> findings = {};

  bool entry(Entry entry) override;
  void note(Finding finding) override;
  bool complete() const;
};

std::string_view name_of(TableKind kind);
std::string_view name_of(AreaKind kind);
std::string_view name_of(FileSystem kind);
std::string_view name_of(Kind kind);
std::string_view name_of(Content content);
std::string_view name_of(Reason reason);
std::string_view name_of(Concern concern);

}  // namespace scannerqube::volume
