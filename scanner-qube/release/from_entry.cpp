// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/from_entry.hpp"

#include <algorithm>

#include "base/hash/sha256.hpp"

namespace scannerqube::release {
namespace {

constexpr std::size_t hash_piece = std::size_t{1} << 20;

base::Status add(base::hash::Sha256& sha256, const volume::Extent& extent,
                 const volume::Source& medium) {
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(hash_piece, extent.where.length)));
  for (std::uint64_t done = 0; done < extent.where.length;) {
    const auto part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(hash_piece, extent.where.length - done)));
    if (extent.backing == volume::Backing::medium) {
      const auto got = medium.read(extent.where.offset + done, part);
      if (!got) return base::fail(got.error().text);
      if (*got < part.size()) return base::fail("it lies beyond the end of the medium");
    }
    sha256.add(part);
    done += part.size();
  }
  return base::Ok{};
}

base::Error cannot_release(const volume::Entry& entry, const std::string& why) {
  return {"release " + volume::quote(entry.path) + ": " + why};
}

}  // namespace

base::Result<ReleasedFile> released_file(const volume::Entry& entry,
                                         const base::hash::Digest& sha256) {
  const auto no = [&entry](const std::string& why) {
    return base::Unexpected{cannot_release(entry, why)};
  };
  if (entry.kind != volume::Kind::file) return no("it is a " + std::string(name_of(entry.kind)));
  if (entry.state == volume::State::deleted) return no("it is deleted");
  const bool listed =
      entry.content == volume::Content::extents || entry.content == volume::Content::resident;
  if (!listed) return no("its content cannot be named: " + std::string(name_of(entry.reason)));
  ReleasedFile file{.path = entry.path,
                    .size = entry.size,
                    .sha256 = sha256,
                    .modified = entry.times.modified,
                    .extents = entry.extents,
                    .resident = entry.resident};
  if (file.resident.size() > max_resident) return no("it is too large to be in the list");
  const bool path_fits = !file.path.empty() && file.path.size() <= volume::max_path;
  if (!path_fits || !consistent(file)) return no("its content does not add up");
  return file;
}

base::Result<ReleasedFile> released_file(const volume::Entry& entry, const volume::Source& medium) {
  auto file = released_file(entry, base::hash::Digest{});
  if (!file) return file;
  base::hash::Sha256 sha256;
  sha256.begin();
  sha256.add(file->resident);
  for (const volume::Extent& extent : file->extents) {
    if (auto done = add(sha256, extent, medium); !done) {
      return base::Unexpected{cannot_release(entry, done.error().text)};
    }
  }
  file->sha256 = sha256.end();
  return file;
}

}  // namespace scannerqube::release
