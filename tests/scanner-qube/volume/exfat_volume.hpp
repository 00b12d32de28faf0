// SPDX-License-Identifier: GPL-2.0-or-later
// An exFAT volume whose records a test writes: mkfs leaves one empty, and only kernels fill it.
#pragma once

#include <string>

#include "tests/fakes/folder.hpp"

namespace tests {

class ExfatVolume {
 public:
  enum class Is { file, folder };

  explicit ExfatVolume(const Folder& folder);
  std::uint64_t offset(std::uint32_t cluster) const { return heap_ + (cluster - 2) * cluster_; }
  std::uint64_t cluster() const { return cluster_; }
  std::uint32_t root() const { return root_; }
  // Where the next record goes.
  std::uint64_t end() const { return at_; }

  // A file in the root folder: contiguous from cluster `first`, or as its chain has it.
  void add(const std::string& name, std::uint32_t first, std::uint64_t size, Is what = Is::file);
  void follow_chains() { flags_ = 1; }
  void without_times() { times_ = 0; }
  void link(std::uint32_t from, std::uint32_t to);
  void put(std::uint64_t at, const std::string& what);
  const std::string& image() const { return image_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string image_;
  std::string bytes_;
  std::uint64_t table_ = 0;
  std::uint64_t heap_ = 0;
  std::uint64_t cluster_ = 0;
  std::uint64_t at_ = 0;
  std::uint32_t root_ = 0;
  std::uint32_t times_ = 0x5a210000;  // 1 January 2025
  std::uint8_t flags_ = 3;            // allocated, and without a chain
};

}  // namespace tests
