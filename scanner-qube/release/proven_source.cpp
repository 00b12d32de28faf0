// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/proven_source.hpp"

#include <algorithm>

namespace scannerqube::release {
namespace {

using base::hash::leaf_size;
using volume::ReadError;

constexpr std::size_t smallest_read = 512;  // the sectors that a snapshot tells apart
constexpr std::uint64_t told_each = 256;    // blocks
// Sectors: who cannot read more has lost the medium, and would fail at each one for hours.
constexpr std::size_t max_unread = std::size_t{1} << 20U;

}  // namespace

base::Result<std::unique_ptr<ProvenSource>> ProvenSource::prove(const volume::Source& from,
                                                                const base::hash::Digest& root,
                                                                const OnProgress& on_progress) {
  if (from.size() > max_medium) {
    return base::fail("the medium has " + std::to_string(from.size()) +
                      " bytes; files of at most " + std::to_string(max_medium) +
                      " can be checked against their root");
  }
  std::unique_ptr<ProvenSource> made(  // NOLINT: the constructor is private
      new ProvenSource(from));
  const std::uint64_t blocks = base::hash::leaves_of(from.size());
  made->leaves_.reserve(static_cast<std::size_t>(blocks));
  base::hash::TreeBuilder tree;
  std::size_t unread = 0;
  for (std::uint64_t number = 0; number < blocks; ++number) {
    const auto block = made->fetch(number);
    unread += made->unread_.size();
    if (unread > max_unread) {
      return base::fail("too much of the snapshot cannot be read: " + made->unread_.front().text);
    }
    made->leaves_.push_back(base::hash::leaf_hash(made->hash_, block));
    tree.push(made->leaves_.back());
    if (on_progress && number % told_each == 0) on_progress(number, blocks);
  }
  const base::hash::Digest found = base::hash::root_of(from.size(), tree.finish());
  if (found != root) {
    return base::fail("the snapshot has the root " + base::hash::to_hex(found) +
                      ", the report is of " + base::hash::to_hex(root) +
                      ": these are not the bytes that were scanned");
  }
  return made;
}

std::span<const std::byte> ProvenSource::fetch(std::uint64_t number) const {
  held_ = ~std::uint64_t{0};
  unread_.clear();
  const std::uint64_t begin = number * leaf_size;
  length_ = static_cast<std::size_t>(std::min<std::uint64_t>(leaf_size, size() - begin));
  const auto all = std::span(block_).first(length_);
  const auto whole = from_.read(begin, all);
  if (whole && *whole == length_) return all;
  for (std::size_t at = 0; at < length_; at += smallest_read) {
    const auto part = all.subspan(at, std::min(smallest_read, length_ - at));
    const auto got = from_.read(begin + at, part);
    if (got && *got == part.size()) continue;
    std::ranges::fill(part, std::byte{0});
    unread_.push_back({.offset = begin + at, .text = got ? "it ends there" : got.error().text});
  }
  return all;
}

ProvenSource::Block ProvenSource::proven(std::uint64_t number) const {
  if (held_ == number) return std::span<const std::byte>(block_).first(length_);
  const auto block = fetch(number);
  if (base::hash::leaf_hash(hash_, block) != leaves_[static_cast<std::size_t>(number)]) {
    if (!unread_.empty()) return base::Unexpected{unread_.front()};
    return base::Unexpected{ReadError{.offset = number * leaf_size,
                                      .text = "the snapshot gives other bytes than were scanned"}};
  }
  held_ = number;
  return block;
}

base::Result<std::size_t, ReadError> ProvenSource::read(std::uint64_t offset,
                                                        std::span<std::byte> out) const {
  if (offset >= size()) return std::size_t{0};
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size() - offset)));
  for (std::size_t done = 0; done < out.size();) {
    const std::uint64_t at = offset + done;
    const auto block = proven(at / leaf_size);
    if (!block) return base::Unexpected{block.error()};
    const auto within = static_cast<std::size_t>(at % leaf_size);
    const std::size_t count = std::min(out.size() - done, block->size() - within);
    for (const ReadError& bad : unread_) {
      if (bad.offset < at + count && bad.offset + smallest_read > at) {
        return base::Unexpected{bad};
      }
    }
    std::ranges::copy(block->subspan(within, count),
                      out.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
  return out.size();
}

}  // namespace scannerqube::release
