// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/record_file.hpp"

#include <algorithm>

namespace blockproxy::snapshot {

base::Result<RecordFile::Page*> RecordFile::page(std::uint64_t number) {
  if (Page* known = pages_.find(number)) return known;
  Page fresh{};
  if (auto read = file_.read(number * page_size, fresh); !read) {
    return base::Unexpected{read.error()};
  }
  return &pages_.put(number, fresh, 1);
}

base::Result<RecordBytes> RecordFile::get(std::uint64_t at) {
  if (const auto found = waiting_.find(at); found != waiting_.end()) return found->second;
  const auto holder = page(at / per_page);
  if (!holder) return base::Unexpected{holder.error()};
  RecordBytes record{};
  std::ranges::copy(std::span(**holder).subspan(at % per_page * record_size, record_size),
                    record.begin());
  return record;
}

base::Status RecordFile::commit() {
  if (waiting_.empty()) return base::Ok{};
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const std::uint64_t number = next->first / per_page;
    const auto holder = page(number);
    if (!holder) return base::Unexpected{holder.error()};
    // Only what changed is written: a torn write then touches nothing that was durable.
    const std::uint64_t first = next->first;
    std::uint64_t last = first;
    for (; next != waiting_.end() && next->first / per_page == number; ++next) {
      last = next->first;
      std::ranges::copy(next->second, (*holder)->begin() + static_cast<std::ptrdiff_t>(
                                                               last % per_page * record_size));
    }
    const auto changed = std::span(**holder).subspan(first % per_page * record_size,
                                                     (last - first + 1) * record_size);
    if (auto written = file_.write(first * record_size, changed); !written) return written;
  }
  if (auto synced = file_.sync(); !synced) return synced;
  waiting_.clear();
  return base::Ok{};
}

base::Status RecordFile::scan(const Each& each) const {
  std::vector<std::byte> chunk(16 * page_size);
  const std::uint64_t end = records_ * record_size;
  for (std::uint64_t at = 0; at < end;) {
    const auto data = file_.next_data(at);
    if (!data) return base::Unexpected{data.error()};
    if (!*data || **data >= end) return base::Ok{};
    at = **data / page_size * page_size;
    if (auto read = file_.read(at, chunk); !read) return read;
    for (std::size_t in = 0; in < chunk.size() && at < end; in += record_size, at += record_size) {
      RecordBytes record{};
      std::ranges::copy(std::span(chunk).subspan(in, record_size), record.begin());
      if (record == RecordBytes{}) continue;
      if (auto done = each(at / record_size, record); !done) return done;
    }
  }
  return base::Ok{};
}

base::Status RecordFile::clear() {
  waiting_.clear();
  pages_.clear();
  if (auto cut = file_.truncate(0); !cut) return cut;
  return file_.sync();
}

}  // namespace blockproxy::snapshot
