// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/content.hpp"

#include <algorithm>
#include <vector>

#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"

namespace scannerqube::io {
namespace {

using base::io::Fd;
using volume::Entry;

constexpr std::size_t piece = std::size_t{1} << 20U;

base::Status put(const Fd& file, base::wire::Bytes bytes) {
  return base::io::write_all(file, base::wire::as_text(bytes));
}

base::Status put_range(const Fd& file, const volume::ForkableSource& source,
                       const volume::Extent& extent, std::vector<std::byte>& buffer) {
  for (std::uint64_t done = 0; done < extent.where.length;) {
    const auto part =
        std::span(buffer).first(std::min<std::uint64_t>(piece, extent.where.length - done));
    std::size_t got = part.size();
    if (extent.backing == volume::Backing::zeros) {
      std::ranges::fill(part, std::byte{0});
    } else {
      const auto read = source.read(extent.where.offset + done, part);
      if (!read || *read == 0) {
        return base::fail("unreadable at byte " + std::to_string(extent.where.offset + done) +
                          " of the medium");
      }
      got = *read;
    }
    if (auto written = put(file, part.first(got)); !written) return written;
    done += got;
  }
  return base::Ok{};
}

base::Status put_extents(const Fd& file, const volume::ForkableSource& source, const Entry& entry) {
  std::uint64_t all = 0;
  for (const volume::Extent& extent : entry.extents) {
    if (extent.where.length > entry.size - all) return base::fail("its extents exceed its size");
    all += extent.where.length;
  }
  if (all != entry.size) return base::fail("its extents are not all of it");
  std::vector<std::byte> buffer(std::min<std::uint64_t>(piece, std::max<std::uint64_t>(all, 1)));
  for (const volume::Extent& extent : entry.extents) {
    if (auto done = put_range(file, source, extent, buffer); !done) return done;
  }
  return base::Ok{};
}

base::Status put_read(const Fd& file, const Entry& entry, volume::Worker& reader) {
  for (std::uint64_t done = 0; done < entry.size;) {
    const auto length =
        static_cast<std::size_t>(std::min<std::uint64_t>(volume::max_content, entry.size - done));
    const auto bytes = reader.read(entry.handle, done, length);
    if (!bytes) return base::Unexpected{bytes.error()};
    if (bytes->empty() || bytes->size() > length) return base::fail("its reader gave too little");
    if (auto written = put(file, *bytes); !written) return written;
    done += bytes->size();
  }
  return base::Ok{};
}

base::Status put_content(const Fd& file, const volume::ForkableSource& source, const Entry& entry,
                         volume::Worker& reader) {
  switch (entry.content) {
    case volume::Content::extents:
      return put_extents(file, source, entry);
    case volume::Content::resident:
      if (entry.resident.size() != entry.size) return base::fail("its content is not all of it");
      return put(file, entry.resident);
    case volume::Content::through_read:
      return put_read(file, entry, reader);
    case volume::Content::none:
      break;
  }
  return base::fail("cannot be read: " + std::string(volume::name_of(entry.reason)));
}

}  // namespace

base::Result<Fd> copy_content(const volume::ForkableSource& source, const Entry& entry,
                              volume::Worker& reader) {
  auto file = base::io::memory_file();
  if (!file) return file;
  if (auto done = put_content(*file, source, entry, reader); !done) {
    return base::Unexpected{done.error()};
  }
  if (auto sealed = base::io::seal(*file); !sealed) return base::Unexpected{sealed.error()};
  return file;
}

}  // namespace scannerqube::io
