// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/content.hpp"

#include <algorithm>

#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"

namespace scannerqube::io {
namespace {

using volume::Entry;

// What is read, hashed and copied in one go stays in the processor's cache meanwhile.
constexpr std::size_t piece = std::size_t{256} << 10U;

base::Unexpected<ContentError> fail(std::string text) {
  return base::Unexpected<ContentError>{ContentError{.text = std::move(text)}};
}

}  // namespace

ContentReader::Taken ContentReader::put(base::wire::Bytes bytes, Content& content) {
  sha256_.add(bytes);
  for (const std::byte byte : bytes.first(std::min(bytes.size(), content.begin.size() - begun_))) {
    content.begin.at(begun_++) = byte;
  }
  if (content.file) {
    const auto written = base::io::write_all(content.file, base::wire::as_text(bytes));
    if (!written) return fail(written.error().text);
    return base::Ok{};
  }
  content.bytes.insert(content.bytes.end(), bytes.begin(), bytes.end());
  return base::Ok{};
}

ContentReader::Taken ContentReader::put_range(const volume::Source& source,
                                              const volume::Extent& extent, Content& content) {
  for (std::uint64_t done = 0; done < extent.where.length;) {
    const auto part =
        std::span(buffer_).first(std::min<std::uint64_t>(piece, extent.where.length - done));
    std::size_t got = part.size();
    if (extent.backing == volume::Backing::zeros) {
      std::ranges::fill(part, std::byte{0});
    } else {
      const auto read = source.read(extent.where.offset + done, part);
      if (!read || *read == 0) {
        const std::uint64_t asked = extent.where.offset + done;
        return base::Unexpected<ContentError>{
            {.text = "unreadable at byte " + std::to_string(asked) + " of the medium",
             .unreadable = {.offset = asked, .length = part.size()}}};
      }
      got = *read;
    }
    if (auto written = put(part.first(got), content); !written) return written;
    done += got;
  }
  return base::Ok{};
}

ContentReader::Taken ContentReader::put_extents(const volume::Source& source, const Entry& entry,
                                                Content& content) {
  std::uint64_t all = 0;
  for (const volume::Extent& extent : entry.extents) {
    if (extent.where.length > entry.size - all) return fail("its extents exceed its size");
    all += extent.where.length;
  }
  if (all != entry.size) return fail("its extents are not all of it");
  buffer_.resize(piece);
  for (const volume::Extent& extent : entry.extents) {
    if (auto done = put_range(source, extent, content); !done) return done;
  }
  return base::Ok{};
}

ContentReader::Taken ContentReader::put_read(const Entry& entry, volume::Worker& reader,
                                             Content& content) {
  for (std::uint64_t done = 0; done < entry.size;) {
    const auto length =
        static_cast<std::size_t>(std::min<std::uint64_t>(volume::max_content, entry.size - done));
    const auto bytes = reader.read(entry.handle, done, length);
    if (!bytes) return fail(bytes.error().text);
    if (bytes->empty() || bytes->size() > length) return fail("its reader gave too little");
    if (auto written = put(*bytes, content); !written) return written;
    done += bytes->size();
  }
  return base::Ok{};
}

ContentReader::Taken ContentReader::take(const volume::Source& source, const Entry& entry,
                                         volume::Worker& reader, Content& content) {
  switch (entry.content) {
    case volume::Content::extents:
      return put_extents(source, entry, content);
    case volume::Content::resident:
      if (entry.resident.size() != entry.size) return fail("its content is not all of it");
      return put(entry.resident, content);
    case volume::Content::through_read:
      return put_read(entry, reader, content);
    case volume::Content::none:
      break;
  }
  return fail("cannot be read: " + std::string(volume::name_of(entry.reason)));
}

base::Result<Content, ContentError> ContentReader::read(const volume::Source& source,
                                                        const Entry& entry,
                                                        volume::Worker& reader) {
  Content content;
  if (entry.size > small_file) {
    auto file = base::io::memory_file();
    if (!file) return fail(file.error().text);
    content.file = std::move(*file);
  } else {
    content.bytes.reserve(static_cast<std::size_t>(entry.size));
  }
  sha256_.begin();
  begun_ = 0;
  if (auto done = take(source, entry, reader, content); !done)
    return base::Unexpected{done.error()};
  content.key = {.sha256 = sha256_.end(), .size = entry.size};
  if (content.file) {
    if (auto sealed = base::io::seal(content.file); !sealed) return fail(sealed.error().text);
  }
  return content;
}

}  // namespace scannerqube::io
