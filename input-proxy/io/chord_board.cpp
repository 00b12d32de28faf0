// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/chord_board.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace inputproxy::io {
namespace {

constexpr std::uint8_t control_bit = 1;
constexpr std::uint8_t alt_bit = 2;
constexpr std::uint8_t action_bit = 4;

struct flock lock_of(std::size_t slot) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(slot);
  lock.l_len = 1;
  return lock;
}

std::atomic_ref<std::uint8_t> at(std::uint8_t* page, std::size_t slot) {
  return std::atomic_ref<std::uint8_t>(*std::next(page, static_cast<std::ptrdiff_t>(slot)));
}

}  // namespace

void ChordBoard::Unmap::operator()(std::uint8_t* page) const noexcept { ::munmap(page, slots); }

base::Result<ChordBoard> ChordBoard::open(const std::filesystem::path& file) {
  base::io::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd || ::ftruncate(fd.get(), slots) != 0) {
    return base::io::fail_errno("open " + file.string(), "its folder must be this user's");
  }
  void* mapped = ::mmap(nullptr, slots, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return base::io::fail_errno("map " + file.string());  // NOLINT
  Page page(static_cast<std::uint8_t*>(mapped));
  for (std::size_t slot = 0; slot < slots; ++slot) {
    auto lock = lock_of(slot);
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) continue;
    at(page.get(), slot).store(0);
    return ChordBoard(std::move(fd), std::move(page), slot);
  }
  return base::fail("more than " + std::to_string(slots) + " input devices at once");
}

void ChordBoard::tell(const ChordKeys& mine) {
  if (mine == told_) return;
  told_ = mine;
  unsigned bits = 0;
  if (mine.control) bits |= control_bit;
  if (mine.alt) bits |= alt_bit;
  if (mine.action) bits |= action_bit;
  at(page_.get(), slot_).store(static_cast<std::uint8_t>(bits));
}

bool ChordBoard::taken(std::size_t slot) const {
  auto lock = lock_of(slot);
  return ::fcntl(file_.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

ChordKeys ChordBoard::elsewhere() const {
  ChordKeys keys;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const unsigned bits = at(page_.get(), slot).load(std::memory_order_relaxed);
    if (bits == 0 || slot == slot_ || !taken(slot)) continue;
    keys.control = keys.control || (bits & control_bit) != 0;
    keys.alt = keys.alt || (bits & alt_bit) != 0;
    keys.action = keys.action || (bits & action_bit) != 0;
  }
  return keys;
}

}  // namespace inputproxy::io
