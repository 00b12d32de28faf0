// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/block_pool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <span>
#include <vector>

#include "base/io/sealed_file.hpp"
#include "block-proxy/snapshot/geometry.hpp"

namespace blockproxy::snapshot {

struct BlockPool::Memory {
  enum class Lent : std::uint8_t { never, asked, yes };

  explicit Memory(std::size_t capacity);
  ~Memory() {
    if (!bytes.empty()) ::munmap(bytes.data(), bytes.size());
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void give_back(std::size_t slot);

  base::io::Fd file;
  std::span<std::byte> bytes;
  std::vector<std::size_t> free;
  std::vector<Lent> lent;
};

BlockPool::Memory::Memory(std::size_t capacity) {
  auto made = base::io::memory_file();
  const std::size_t size = capacity * block_size;
  if (!made || ::ftruncate(made->get(), static_cast<off_t>(size)) != 0) return;
  void* const place = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, made->get(), 0);
  if (place == MAP_FAILED) return;  // NOLINT: the library's own cast
  file = *std::move(made);
  bytes = {static_cast<std::byte*>(place), size};
  lent.assign(capacity, Lent::never);
  free.reserve(capacity);
  for (std::size_t slot = capacity; slot > 0; --slot) free.push_back(slot - 1);
}

// Lent pages belong to whoever has them: the file gets others in their place. If it cannot, the
// slot is not used again.
void BlockPool::Memory::give_back(std::size_t slot) {
  if (lent[slot] == Lent::yes &&
      ::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(slot * block_size), static_cast<off_t>(block_size)) != 0) {
    return;
  }
  lent[slot] = Lent::never;
  free.push_back(slot);
}

BlockPool::BlockPool(std::size_t capacity) : memory_(std::make_shared<Memory>(capacity)) {}

Block BlockPool::get() {
  if (memory_->free.empty()) return Block(new std::byte[block_size]);
  const std::size_t slot = memory_->free.back();
  memory_->free.pop_back();
  return {memory_->bytes.subspan(slot * block_size).data(),
          [memory = memory_, slot](std::byte*) { memory->give_back(slot); }};
}

std::optional<std::uint64_t> BlockPool::lend(base::wire::Bytes bytes) {
  const std::span<const std::byte> all = memory_->bytes;
  const std::less<> before;
  if (bytes.empty() || all.empty() || before(bytes.data(), all.data()) ||
      !before(bytes.data(), all.data() + all.size())) {
    return std::nullopt;
  }
  const auto at = static_cast<std::uint64_t>(bytes.data() - all.data());
  Memory::Lent& lent = memory_->lent[at / block_size];
  const bool first = lent == Memory::Lent::never;
  lent = first ? Memory::Lent::asked : Memory::Lent::yes;
  return first ? std::nullopt : std::optional(at);
}

const base::io::Fd& BlockPool::file() const { return memory_->file; }

}  // namespace blockproxy::snapshot
