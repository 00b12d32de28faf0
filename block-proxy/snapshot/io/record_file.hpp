// SPDX-License-Identifier: GPL-2.0-or-later
// An index: records of 64 bytes, read and written in pages of 4 KiB, never whole in memory.
#pragma once

#include <functional>
#include <map>

#include "block-proxy/snapshot/format.hpp"
#include "block-proxy/snapshot/io/store_file.hpp"
#include "block-proxy/snapshot/lru.hpp"

namespace blockproxy::snapshot {

using RecordBytes = std::array<std::byte, record_size>;

// A record that is set waits in memory until commit(); the caller makes the data that it names
// durable before. The caller bounds how many wait.
class RecordFile {
 public:
  static constexpr std::size_t page_size = 4096;
  static constexpr std::size_t cached_pages = 1024;  // 4 MiB: the records of 4 GiB

  RecordFile(StoreFile file, std::uint64_t records)
      : file_(std::move(file)), records_(records), pages_(cached_pages) {}

  // What was set last, durable or not. `at` < the number of records.
  base::Result<RecordBytes> get(std::uint64_t at);
  void set(std::uint64_t at, const RecordBytes& record) { waiting_[at] = record; }
  std::size_t waiting() const { return waiting_.size(); }
  // Writes what waits and syncs. On failure it goes on waiting.
  base::Status commit();
  // Each record that is not all zeros, in order; without those that wait; ends where the
  // callback fails. Holes cost nothing.
  using Each = std::function<base::Status(std::uint64_t, const RecordBytes&)>;
  base::Status scan(const Each& each) const;
  // Empties it durably.
  base::Status clear();

 private:
  static constexpr std::size_t per_page = page_size / record_size;
  using Page = std::array<std::byte, page_size>;
  base::Result<Page*> page(std::uint64_t number);

  StoreFile file_;
  std::uint64_t records_;
  std::map<std::uint64_t, RecordBytes> waiting_;
  Lru<std::uint64_t, Page> pages_;
};

}  // namespace blockproxy::snapshot
