// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/key_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/io/fd.hpp"

namespace blockproxy::snapshot {
namespace {

using KeyFileBytes = std::array<std::byte, key_file_size>;

// The file's bytes, gone from memory with it.
struct WipedBytes {
  KeyFileBytes bytes{};
  WipedBytes() = default;
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  ~WipedBytes() { wipe(bytes); }
};

}  // namespace

base::Status write_key_file(const std::filesystem::path& path, const Id& id, const Key& key) {
  const base::io::Fd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return base::io::fail_errno("create the key file " + path.string());
  WipedBytes content;
  const auto rest = std::ranges::copy(id, content.bytes.begin()).out;
  std::ranges::copy(key.bytes(), rest);
  if (::write(fd.get(), content.bytes.data(), key_file_size) !=
          static_cast<ssize_t>(key_file_size) ||
      ::fsync(fd.get()) != 0) {
    auto failed = base::io::fail_errno("write the key file " + path.string());
    ::unlink(path.c_str());
    return failed;
  }
  return base::Ok{};
}

base::Result<Key> read_key_file(const std::filesystem::path& path, const Id& id) {
  const base::io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) {
    return base::io::fail_errno("open the key file " + path.string(),
                                "without its key a snapshot cannot be read: make a new one");
  }
  WipedBytes content;
  const ssize_t got = ::read(fd.get(), content.bytes.data(), key_file_size);
  if (got != static_cast<ssize_t>(key_file_size) ||
      !std::equal(id.begin(), id.end(), content.bytes.begin())) {
    return base::fail(path.string() + ": not the key of this snapshot");
  }
  return Key(std::span<const std::byte, key_file_size>(content.bytes).subspan<16, key_size>());
}

base::Status remove_key_file(const std::filesystem::path& path) {
  {
    const base::io::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd && errno == ENOENT) return base::Ok{};
    const KeyFileBytes zeros{};
    if (!fd || ::write(fd.get(), zeros.data(), zeros.size()) < 0 || ::fsync(fd.get()) != 0) {
      return base::io::fail_errno("wipe the key file " + path.string());
    }
  }
  if (::unlink(path.c_str()) != 0) {
    return base::io::fail_errno("remove the key file " + path.string());
  }
  return base::Ok{};
}

}  // namespace blockproxy::snapshot
