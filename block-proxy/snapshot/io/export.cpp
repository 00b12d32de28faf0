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

base::Result<ImageExport> ImageExport::begin(Store& store, base::io::Fd out, Missing missing) {
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
  return ImageExport(store, std::move(out));
}

base::Status ImageExport::step(std::uint64_t budget) {
  const Geometry& geometry = store_->geometry();
  for (; budget > 0 && next_ < geometry.blocks(); --budget, ++next_) {
    const auto hash = store_->hash_of(next_);
    if (!hash) return base::Unexpected{hash.error()};
    if (!*hash) {
      ++holes_;
      continue;
    }
    const auto slices = store_->read(geometry.bytes_of({.first = next_, .count = 1}), Side::base);
    if (!slices) return base::Unexpected{slices.error()};
    const auto bytes = slices->front().bytes;
    if (blank(bytes)) continue;
    if (auto written = write_at(out_, next_ * block_size, bytes); !written) return written;
  }
  return base::Ok{};
}

base::Status HashExport::step(std::uint64_t budget) {
  const Geometry& geometry = store_->geometry();
  std::string text;
  for (; budget > 0 && next_ < geometry.blocks(); --budget, ++next_) {
    const auto hash = store_->hash_of(next_);
    if (!hash) return base::Unexpected{hash.error()};
    text += std::to_string(next_ * block_size) + " " + std::to_string(geometry.length_of(next_));
    text += " " + (*hash ? base::hash::to_hex(**hash) : "-") + "\n";
    whole_ = whole_ && hash->has_value();
    if (whole_) tree_.push(**hash);
  }
  if (next_ == geometry.blocks() && !ended_) {
    ended_ = true;
    text +=
        "root " + (whole_ ? base::hash::to_hex(root_of(geometry, tree_.finish())) : "-") + "\n";
  }
  return base::io::write_all(out_, text);
}

}  // namespace blockproxy::snapshot
