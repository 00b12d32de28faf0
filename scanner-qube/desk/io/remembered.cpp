// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/io/remembered.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/io/files.hpp"
#include "scanner-qube/qube/message.hpp"

namespace scannerqube::desk {

namespace fs = std::filesystem;

std::optional<CacheList> Remembered::read(const base::hash::Digest& medium,
                                          const base::hash::Digest& database) const {
  const auto file = base::io::read_file(folder_ / base::hash::to_hex(medium), max_cache_file);
  if (!file) return std::nullopt;
  auto list = read_cache(base::wire::as_bytes(*file), key_.public_key());
  if (!list || list->scope.medium != medium || list->scope.database != database) {
    return std::nullopt;
  }
  return *std::move(list);
}

base::Status Remembered::keep(CacheList list) const {
  list.clean.resize(std::min<std::size_t>(list.clean.size(), max_known));
  const fs::path file = folder_ / base::hash::to_hex(list.scope.medium);
  make_room(file);
  return base::io::write_file_atomically(file, sign_cache(key_, list), 0640);
}

void Remembered::make_room(const fs::path& stays) const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(folder_, error)) {
    if (each.path() == stays) continue;
    files.emplace_back(fs::last_write_time(each.path(), error), each.path());
  }
  if (files.size() < max_media) return;
  std::ranges::sort(files);
  for (std::size_t i = 0; i <= files.size() - max_media; ++i) fs::remove(files[i].second, error);
}

}  // namespace scannerqube::desk
