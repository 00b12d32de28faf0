// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/devices/block_node.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>

namespace agent::devices {
namespace {

// "cciss/c0d0" of ".../block/cciss!c0d0".
std::optional<std::filesystem::path> name_below_dev(const std::filesystem::path& link) {
  std::array<char, 4096> target{};
  // Not readlink(): its system call has another name on some machines.
  const ssize_t size = ::readlinkat(AT_FDCWD, link.c_str(), target.data(), target.size());
  if (size <= 0 || static_cast<std::size_t>(size) == target.size()) return std::nullopt;
  const std::filesystem::path path(std::string(target.data(), static_cast<std::size_t>(size)));
  std::string name = path.filename();
  std::ranges::replace(name, '!', '/');
  if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos)
    return std::nullopt;
  return name;
}

bool is_device(const struct stat& info, dev_t number) {
  return S_ISBLK(info.st_mode) && info.st_rdev == number;
}

}  // namespace

int open_block_node(const std::filesystem::path& numbers, const std::filesystem::path& dev,
                    BlockNumber number, BlockAccess access, base::io::Fd& opened) {
  const auto name =
      name_below_dev(numbers / (std::to_string(number.major) + ":" + std::to_string(number.minor)));
  if (!name) return -ENXIO;
  const std::filesystem::path path = dev / *name;
  const dev_t wanted = makedev(number.major, number.minor);
  struct stat info {};
  // Opening another thing may wait for ever, or set something going.
  if (::fstatat(AT_FDCWD, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return -ENXIO;
  if (!is_device(info, wanted)) return -ENOTBLK;
  const int flags = access == BlockAccess::read_write ? O_RDWR | O_EXCL : O_RDONLY;
  base::io::Fd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return -errno;
  if (::fstat(fd.get(), &info) != 0) return -errno;
  if (!is_device(info, wanted)) return -ENOTBLK;
  opened = std::move(fd);
  return 0;
}

}  // namespace agent::devices
