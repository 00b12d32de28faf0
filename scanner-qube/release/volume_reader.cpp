// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "scanner-qube/release/volume.hpp"

namespace scannerqube::release {
namespace {

using Run = Places::Run;

}  // namespace

Piece VolumeReader::at(std::uint64_t offset) {
  if (offset < volume_.start_) {
    const std::uint64_t table = volume_.table_.size();
    if (offset < table) return {.from = Piece::From::generated, .length = table - offset};
    return {.from = Piece::From::zeros, .length = volume_.start_ - offset};
  }
  offset -= volume_.start_;
  const Piece piece = in_metadata(offset);
  return piece.length != 0 ? piece : in_heap(offset);
}

// Length 0: it is none.
Piece VolumeReader::in_metadata(std::uint64_t offset) const {
  const std::uint64_t heap = volume_.format_->geometry().heap;
  for (const volume::Range& range : volume_.format_->metadata()) {
    if (offset >= range.end()) continue;
    if (offset >= range.offset) {
      return {.from = Piece::From::generated, .length = range.end() - offset};
    }
    // Before the heap there is nothing else; in it there may be, between those that lie there.
    if (offset < heap) return {.length = std::min(range.offset, heap) - offset};
  }
  return {.length = offset < heap ? heap - offset : 0};
}

Run VolumeReader::run_at(std::uint64_t offset) const {
  const Format::Geometry& geometry = volume_.format_->geometry();
  return volume_.format_->places().at(
      static_cast<std::uint32_t>(2 + (offset - geometry.heap) / geometry.cluster));
}

Piece VolumeReader::in_heap(std::uint64_t offset) {
  const Format& format = *volume_.format_;
  const Format::Geometry& geometry = format.geometry();
  const Run run = run_at(offset);
  if (run.kind == Run::Kind::none) {
    // Free to the end of the volume, or what is left of a cluster of the format's own.
    const std::uint64_t first =
        geometry.heap + std::uint64_t{format.places().end() - 2U} * geometry.cluster;
    const std::uint64_t cluster_end =
        geometry.heap + round_up(offset + 1 - geometry.heap, geometry.cluster);
    return {.length = (offset >= first ? geometry.size : cluster_end) - offset};
  }
  const std::uint64_t start = geometry.heap + std::uint64_t{run.first - 2U} * geometry.cluster;
  const std::uint64_t end = geometry.heap + std::uint64_t{run.end - 2U} * geometry.cluster;
  const bool is_folder = run.kind == Run::Kind::folder;
  const std::uint64_t size =
      is_folder ? format.folder_bytes(run.index) : volume_.contents_->size(run.index);
  const std::uint64_t within = offset - start;
  if (within >= size) return {.length = end - offset};
  const bool of_medium = !is_folder && run.index < volume_.list().size();
  if (of_medium) return in_file(run.index, within);
  return {.from = Piece::From::generated, .length = size - within};
}

Piece VolumeReader::in_file(std::uint32_t file, std::uint64_t offset) {
  const ReleasedFile& listed = volume_.list()[file];
  if (!listed.resident.empty()) {
    return {.from = Piece::From::generated, .length = listed.size - offset, .file = file};
  }
  if (file != file_ || offset < extent_at_) {
    file_ = file;
    extent_ = 0;
    extent_at_ = 0;
  }
  // The extents add up to the size, and `offset` is below it.
  while (offset - extent_at_ >= listed.extents[extent_].where.length) {
    extent_at_ += listed.extents[extent_++].where.length;
  }
  const volume::Extent& extent = listed.extents[extent_];
  const std::uint64_t within = offset - extent_at_;
  const bool zeros = extent.backing == volume::Backing::zeros;
  return {.from = zeros ? Piece::From::zeros : Piece::From::medium,
          .length = extent.where.length - within,
          .medium = zeros ? 0 : extent.where.offset + within,
          .file = file};
}

void VolumeReader::generate(std::uint64_t offset, std::span<std::byte> out) {
  if (offset < volume_.start_) return copy_overlap(volume_.table_, 0, offset, out);
  offset -= volume_.start_;
  const Format& format = *volume_.format_;
  if (in_metadata(offset).length != 0) return format.generate(offset, out);
  const Run run = run_at(offset);
  const std::uint64_t start =
      format.geometry().heap + std::uint64_t{run.first - 2U} * format.geometry().cluster;
  if (run.kind == Run::Kind::item) return volume_.contents_->read(run.index, offset - start, out);
  if (folder_ != run.index) {
    records_ = format.folder(run.index);
    folder_ = run.index;
  }
  copy_overlap(records_, start, offset, out);
}

base::Result<std::size_t, volume::ReadError> VolumeReader::read(std::uint64_t offset,
                                                                std::span<std::byte> out,
                                                                const volume::Source& medium) {
  std::size_t done = 0;
  while (done < out.size() && offset + done < volume_.size()) {
    const std::uint64_t here = offset + done;
    const Piece piece = at(here);
    const auto part = out.subspan(
        done, static_cast<std::size_t>(std::min<std::uint64_t>(out.size() - done, piece.length)));
    switch (piece.from) {
      case Piece::From::zeros:
        std::ranges::fill(part, std::byte{0});
        break;
      case Piece::From::generated:
        generate(here, part);
        break;
      case Piece::From::medium: {
        auto got = medium.read(piece.medium, part);
        if (!got) return got;
        if (*got < part.size()) {
          return base::Unexpected{volume::ReadError{
              .offset = piece.medium + *got, .text = "the medium ends before the list said"}};
        }
        break;
      }
    }
    done += part.size();
  }
  return done;
}

}  // namespace scannerqube::release
