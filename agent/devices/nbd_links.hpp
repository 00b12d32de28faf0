// SPDX-License-Identifier: GPL-2.0-or-later
// The names by which attached block devices are known in /dev: links to the kernel's nbdN, and of
// partitions xvdi1 to nbdNp1.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/io/fd.hpp"

namespace agent::devices {

// The links of one attachment; gone with it. Never replaces what stands there already.
class NbdLinks {
 public:
  static constexpr std::size_t max_links = 64;

  // `sysfs`: the folder that has one for each nbdN, with its partitions in it.
  NbdLinks(std::filesystem::path dev, std::filesystem::path sysfs, std::string name,
           std::uint32_t index);
  ~NbdLinks();
  NbdLinks(NbdLinks&& other) noexcept;
  NbdLinks& operator=(NbdLinks&&) = delete;
  NbdLinks(const NbdLinks&) = delete;
  NbdLinks& operator=(const NbdLinks&) = delete;

  // Whether the name of the whole device is free.
  static bool is_free(const std::filesystem::path& dev, const std::string& name);
  // Takes away the links that an attachment has left behind.
  static void remove(const std::filesystem::path& dev, const std::string& name,
                     std::uint32_t index);
  // Makes those of partitions that have come, and takes those away that have gone.
  void update();
  // How far the kernel reads ahead of whoever reads in sequence, and how long one request may be.
  // Its own 128 KiB of both (Linux 6.1, nbd.c, nbd_dev_add) make each request wait for the one
  // before it, all the way to the medium. A kernel that will not is only slower.
  void lengthen(unsigned read_ahead_kib, unsigned request_kib) const;
  std::uint32_t index() const { return index_; }
  // The kernel's counts of the device's requests; empty when it has gone.
  std::string stat() const;

 private:
  std::set<std::string> wanted() const;  // suffixes: "", "1", "2"
  std::string target(const std::string& suffix) const;

  std::filesystem::path dev_;
  std::filesystem::path sysfs_;
  std::string name_;
  std::uint32_t index_ = 0;
  std::set<std::string> made_;  // suffixes
};

struct NbdLeft {
  std::uint32_t index = 0;
  std::string name;
};
// Devices of nbd that a helper before this one has attached: `sysfs` says so of each (`backend`).
std::vector<NbdLeft> find_left_behind(const std::filesystem::path& sysfs);

}  // namespace agent::devices
