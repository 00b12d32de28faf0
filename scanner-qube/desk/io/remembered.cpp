// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/io/remembered.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
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

base::Status Remembered::forget(const base::hash::Digest& medium) const {
  const fs::path file = folder_ / base::hash::to_hex(medium);
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return base::Ok{};
  return base::io::fail_errno("remove " + file.string());
}

void Remembered::make_room(const fs::path& stays) const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (fs::directory_iterator each(folder_, error), end; !error && each != end;
       each.increment(error)) {
    std::error_code ignored;
    const auto when = each->last_write_time(ignored);
    if (each->path() != stays && each->is_regular_file(ignored)) {
      files.emplace_back(when, each->path());
    }
  }
  if (files.size() < max_media) return;
  std::ranges::sort(files);
  // One that cannot be removed is one too many; the next scan tries again.
  for (std::size_t i = 0; i <= files.size() - max_media; ++i) ::unlink(files[i].second.c_str());
}

}  // namespace scannerqube::desk
