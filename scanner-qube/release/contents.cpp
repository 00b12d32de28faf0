// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/contents.hpp"

#include <algorithm>
#include <tuple>

#include "base/hash/sha256.hpp"
#include "base/wire/writer.hpp"

namespace scannerqube::release {
namespace {

// Files that are the same in all of this lie side by side in any order: the volume is the same.
bool before(const ReleasedFile& a, const ReleasedFile& b) {
  return std::tie(a.path, a.part, a.sha256, a.size, a.modified) <
         std::tie(b.path, b.part, b.sha256, b.size, b.modified);
}

}  // namespace

base::Result<Contents> Contents::make(ReleaseList list, Extra extra) {
  if (list.size() > max_files) {
    return base::fail("a release of " + std::to_string(list.size()) + " files: at most " +
                      std::to_string(max_files));
  }
  if (extra.report.size() > max_report_text) {
    return base::fail("a release with a report of " + std::to_string(extra.report.size()) +
                      " bytes: at most " + std::to_string(max_report_text));
  }
  if (!is_note(extra.note)) {
    return base::fail("a release whose note is longer than " + std::to_string(max_note) +
                      " bytes, or has a line that is no comment");
  }
  std::uint64_t bytes = 0;
  for (const ReleasedFile& file : list) {
    if (!consistent(file) || file.size > max_content_bytes - bytes) {
      return base::fail("a release of " + volume::quote(file.path) + " with " +
                        std::to_string(file.size) +
                        " bytes: its pieces are not as many, or all files are too large");
    }
    bytes += file.size;
  }
  std::ranges::sort(list, before);
  std::vector<std::string_view> paths;
  paths.reserve(list.size());
  for (const ReleasedFile& file : list) paths.emplace_back(file.path);
  auto names = safe_names(paths, {manifest_name, report_name});
  if (!names) return base::Unexpected{names.error()};
  return Contents(std::move(list), *std::move(names), std::move(extra));
}

Contents::Contents(ReleaseList list, SafeNames names, Extra extra)
    : list_(std::move(list)), names_(std::move(names)), extra_(std::move(extra)) {
  hash();
  manifest_ = Manifest(subject());
  sort_children();
}

Manifest::Subject Contents::subject() const {
  return {.list = list_,
          .names = names_,
          .note = extra_.note,
          .report = extra_.report,
          .report_sha256 = report_sha256_};
}

void Contents::hash() {
  base::hash::Sha256 sha256;
  report_sha256_ = sha256({base::wire::as_bytes(extra_.report)});
  sha256.begin();
  std::vector<std::byte> bytes;
  for (const ReleasedFile& file : list_) {
    bytes.clear();
    base::wire::Writer out(bytes);
    out.u32(file.part).u64(file.path.size()).text(file.path).u64(file.size).bytes(file.sha256);
    out.u64(static_cast<std::uint64_t>(file.modified));
    sha256.add(bytes);
  }
  sha256.add(base::wire::as_bytes(extra_.note));
  bytes.clear();
  base::wire::Writer(bytes)
      .u64(extra_.note.size())
      .bytes(report_sha256_)
      .u64(static_cast<std::uint64_t>(extra_.time));
  sha256.add(bytes);
  digest_ = sha256.end();
}

void Contents::sort_children() {
  struct Placed {
    std::uint32_t folder;
    Child child;
  };
  std::vector<Placed> all;
  all.reserve(std::size_t{folders()} + items());
  for (std::uint32_t i = 1; i < folders(); ++i) {
    all.push_back({.folder = parent(i), .child = {.kind = Child::Kind::folder, .index = i}});
  }
  for (std::uint32_t i = 0; i < items(); ++i) {
    all.push_back({.folder = i < list_.size() ? names_.files[i].folder : 0, .child = {.index = i}});
  }
  std::ranges::sort(all, [this](const Placed& a, const Placed& b) {
    return a.folder != b.folder ? a.folder < b.folder : name_of(a.child) < name_of(b.child);
  });
  child_first_.assign(std::size_t{folders()} + 1, 0);
  for (const Placed& each : all) {
    children_.push_back(each.child);
    ++child_first_[each.folder + 1];
  }
  for (std::size_t i = 1; i < child_first_.size(); ++i) child_first_[i] += child_first_[i - 1];
}

std::span<const Contents::Child> Contents::children(std::uint32_t folder) const {
  return std::span(children_).subspan(child_first_[folder],
                                      child_first_[folder + 1] - child_first_[folder]);
}

std::string_view Contents::name_of(const Child& child) const {
  if (child.kind == Child::Kind::folder) return names_.folders[child.index].name;
  if (child.index < list_.size()) return names_.files[child.index].name;
  return child.index == manifest_item() ? manifest_name : report_name;
}

std::uint64_t Contents::size(std::uint32_t item) const {
  if (item < list_.size()) return list_[item].size;
  return item == manifest_item() ? manifest_.size() : extra_.report.size();
}

std::int64_t Contents::modified(std::uint32_t item) const {
  return item < list_.size() ? list_[item].modified : extra_.time;
}

void Contents::read(std::uint32_t item, std::uint64_t offset, std::span<std::byte> out) const {
  if (item == manifest_item()) return manifest_.read(subject(), offset, out);
  const base::wire::Bytes all = item < list_.size() ? base::wire::Bytes(list_[item].resident)
                                                    : base::wire::as_bytes(extra_.report);
  std::ranges::copy(all.subspan(static_cast<std::size_t>(offset), out.size()), out.begin());
}

}  // namespace scannerqube::release
