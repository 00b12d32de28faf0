// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/cache/io/database_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/hash/sha256.hpp"
#include "base/io/fd.hpp"

namespace scannerqube::io {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t max_files = 10'000;

base::Result<base::hash::Digest> digest_file(const fs::path& path) {
  const base::io::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return base::io::fail_errno("open signatures " + path.string());
  base::hash::Sha256 sha256;
  std::vector<std::byte> piece(std::size_t{1} << 20U);
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read signatures " + path.string());
    if (got == 0) return sha256.end();
    sha256.add(base::wire::Bytes(piece).first(static_cast<std::size_t>(got)));
  }
}

base::Status add_folder(const fs::path& folder, std::vector<fs::path>& files) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    if (files.size() == max_files)
      return base::fail("signatures: too many files in " + folder.string());
    files.push_back(it->path());
  }
  if (error) return base::fail("signatures " + folder.string() + ": " + error.message());
  return base::Ok{};
}

}  // namespace

base::Result<std::vector<fs::path>> database_files(const std::vector<fs::path>& given) {
  std::vector<fs::path> files;
  for (const fs::path& path : given) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
    } else if (auto added = add_folder(path, files); !added) {
      return base::Unexpected{added.error()};
    }
  }
  return files;
}

base::Result<base::hash::Digest> digest_databases(const std::vector<fs::path>& given) {
  const auto files = database_files(given);
  if (!files) return base::Unexpected{files.error()};
  std::vector<DatabaseFile> digests;
  for (const fs::path& path : *files) {
    const auto digest = digest_file(path);
    if (!digest) return base::Unexpected{digest.error()};
    digests.push_back({.name = path.filename().string(), .sha256 = *digest});
  }
  return database_digest(std::move(digests));
}

}  // namespace scannerqube::io
