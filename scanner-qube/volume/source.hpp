// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes of a medium, from wherever they come, and a part of them.
//
// Pure: what reads a file or a socket is in io/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace scannerqube::volume {

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t end() const { return offset + length; }
  friend bool operator==(const Range&, const Range&) = default;
};

struct ReadError {
  std::uint64_t offset = 0;  // the first byte that could not be read
  std::string text = {};
  friend bool operator==(const ReadError&, const ReadError&) = default;
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  virtual std::uint64_t size() const = 0;
  // All of `out`, or less only at the end of the medium: a short read before it is an error.
  virtual base::Result<std::size_t, ReadError> read(std::uint64_t offset,
                                                    std::span<std::byte> out) const = 0;
};

// Remembers the first error that passed through it and how many there were: readers that swallow
// an error cannot make it unhappen.
class LatchingSource final : public Source {
 public:
  explicit LatchingSource(const Source& source) : source_(source) {}
  std::uint64_t size() const override { return source_.size(); }
  base::Result<std::size_t, ReadError> read(std::uint64_t offset,
                                            std::span<std::byte> out) const override {
    auto got = source_.read(offset, out);
    if (!got) {
      ++errors_;
      if (!first_) first_ = got.error();
    }
    return got;
  }
  std::uint64_t errors() const { return errors_; }
  const std::optional<ReadError>& first() const { return first_; }

 private:
  const Source& source_;
  mutable std::uint64_t errors_ = 0;
  mutable std::optional<ReadError> first_;
};

// The bytes of one part, from 0; nothing outside can be reached. Errors name the medium's offset.
class WindowSource final : public Source {
 public:
  WindowSource(const Source& source, Range where) : source_(source) {
    const std::uint64_t all = source.size();
    start_ = where.offset < all ? where.offset : all;
    const std::uint64_t rest = all - start_;
    size_ = where.length < rest ? where.length : rest;
  }
  std::uint64_t size() const override { return size_; }
  std::uint64_t start() const { return start_; }
  base::Result<std::size_t, ReadError> read(std::uint64_t offset,
                                            std::span<std::byte> out) const override {
    if (offset >= size_) return std::size_t{0};
    const std::uint64_t rest = size_ - offset;
    if (rest < out.size()) out = out.first(static_cast<std::size_t>(rest));
    return source_.read(start_ + offset, out);
  }

 private:
  const Source& source_;
  std::uint64_t start_ = 0;
  std::uint64_t size_ = 0;
};

// Bytes in memory: tests and fuzzers.
class MemorySource final : public Source {
 public:
  explicit MemorySource(base::wire::Bytes bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  base::Result<std::size_t, ReadError> read(std::uint64_t offset,
                                            std::span<std::byte> out) const override;

 private:
  base::wire::Bytes bytes_;
};

// `length` bytes at `offset`; fewer at the end of the medium.
base::Result<std::vector<std::byte>, ReadError> read_some(const Source& source,
                                                          std::uint64_t offset, std::size_t length);

}  // namespace scannerqube::volume
