// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/export.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/io/files.hpp"

namespace blockproxy::snapshot {
namespace {

base::Status write_at(const base::io::Fd& out, std::uint64_t offset, base::wire::Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(out.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return base::io::fail_errno("write the image", "make room and export it again");
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return base::Ok{};
}

bool blank(base::wire::Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte each) { return each == std::byte{0}; });
}

}  // namespace

base::Result<std::uint64_t> export_image(Store& store, const base::io::Fd& out, Missing missing) {
  const Geometry& geometry = store.geometry();
  if (missing == Missing::refuse && !store.progress().complete()) {
    return base::fail(
        "export: parts of the medium were never read; complete the snapshot, or ask "
        "for a partial image");
  }
  if (::ftruncate(out.get(), 0) != 0 ||
      ::ftruncate(out.get(), static_cast<off_t>(geometry.medium_size())) != 0) {
    return base::io::fail_errno("export: set the image's size", "export to a regular file");
  }
  std::uint64_t holes = 0;
  for (std::uint64_t number = 0; number < geometry.blocks(); ++number) {
    const auto hash = store.hash_of(number);
    if (!hash) return base::Unexpected{hash.error()};
    if (!*hash) {
      ++holes;
      continue;
    }
    const auto slices = store.read(geometry.bytes_of({.first = number, .count = 1}), Side::base);
    if (!slices) return base::Unexpected{slices.error()};
    const auto bytes = slices->front().bytes;
    if (blank(bytes)) continue;
    if (auto written = write_at(out, number * block_size, bytes); !written) {
      return base::Unexpected{written.error()};
    }
  }
  return holes;
}

base::Status export_hashes(Store& store, const base::io::Fd& out) {
  const Geometry& geometry = store.geometry();
  TreeBuilder tree;
  std::string text;
  bool whole = true;
  for (std::uint64_t number = 0; number < geometry.blocks(); ++number) {
    const auto hash = store.hash_of(number);
    if (!hash) return base::Unexpected{hash.error()};
    text += std::to_string(number * block_size) + " " + std::to_string(geometry.length_of(number));
    text += " " + (*hash ? base::hash::to_hex(**hash) : "-") + "\n";
    whole = whole && hash->has_value();
    if (whole) tree.push(**hash);
    if (text.size() < block_size) continue;
    if (auto written = base::io::write_all(out, text); !written) return written;
    text.clear();
  }
  text += "root " + (whole ? base::hash::to_hex(root_of(geometry, tree.finish())) : "-") + "\n";
  return base::io::write_all(out, text);
}

}  // namespace blockproxy::snapshot
