// SPDX-License-Identifier: GPL-2.0-or-later
// Disks, timed; see the header.
#include "tests/bench/guest_disk.hpp"

#include <fcntl.h>
#include <liburing.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>

#include "base/io/fd.hpp"
#include "tests/bench/guest_program.hpp"
#include "tests/bench/guest_usb.hpp"

namespace bench_guest {
namespace {

using base::io::Fd;

constexpr std::size_t block = std::size_t{1024} * 1024;
constexpr std::size_t small_block = 4096;
constexpr unsigned depth = 32;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Free>;

// Written once, so that no page is faulted in while the time runs.
Memory aligned_memory(std::size_t size) {
  Memory memory(std::aligned_alloc(small_block, size));
  if (memory) std::memset(memory.get(), 1, size);
  return memory;
}

// Moves `mib` times 1 MiB; nothing if one did not move whole.
template <class Move>
std::optional<double> timed(long mib, Move move) {
  const auto start = Clock::now();
  for (long i = 0; i < mib; ++i) {
    if (move() != static_cast<ssize_t>(block)) return std::nullopt;
  }
  return seconds_since(start);
}

int tell(std::optional<double> seconds, const char* what) {
  if (!seconds) return complain(what);
  std::printf("%.6f\n", *seconds);
  return EXIT_SUCCESS;
}

// A ring with `depth` reads under way, each into a part of one piece of memory.
class RandomReader {
 public:
  RandomReader(int file, std::uint64_t blocks, void* memory)
      : file_(file), places_(0, blocks - 1), memory_(static_cast<std::byte*>(memory)) {
    open_ = ::io_uring_queue_init(depth, &ring_, 0) == 0;
  }
  RandomReader(const RandomReader&) = delete;
  RandomReader& operator=(const RandomReader&) = delete;
  ~RandomReader() {
    if (open_) ::io_uring_queue_exit(&ring_);
  }

  bool run(long count) {
    if (!open_) return false;
    long asked = 0;
    for (; asked < count && asked < static_cast<long>(depth); ++asked) {
      ask(static_cast<std::uintptr_t>(asked));
    }
    for (long done = 0; done < count; ++done) {
      if (::io_uring_submit_and_wait(&ring_, 1) < 0) return false;
      io_uring_cqe* answer = nullptr;
      if (::io_uring_peek_cqe(&ring_, &answer) != 0) return false;
      const auto place = static_cast<std::uintptr_t>(answer->user_data);
      const bool whole = answer->res == static_cast<int>(small_block);
      ::io_uring_cqe_seen(&ring_, answer);
      if (!whole) return false;
      if (asked >= count) continue;
      ask(place);
      ++asked;
    }
    return true;
  }

 private:
  void ask(std::uintptr_t place) {
    io_uring_sqe* const entry = ::io_uring_get_sqe(&ring_);  // as many entries as reads under way
    ::io_uring_prep_read(entry, file_, memory_ + place * small_block, small_block,
                         places_(random_) * small_block);
    entry->user_data = place;
  }

  int file_;
  std::minstd_rand random_{1};
  std::uniform_int_distribution<std::uint64_t> places_;
  std::byte* memory_;
  io_uring ring_{};
  bool open_ = false;
};

// A counter of bench_allocations, and of the device's requests.
struct Counted {
  std::uint64_t allocations = 0;
  std::uint64_t requests = 0;
};

std::optional<Counted> look(const char* disk, const char* counter) {
  Counted now;
  const Fd file(::open(counter, O_RDONLY | O_CLOEXEC));
  if (!file || ::read(file.get(), &now.allocations, sizeof now.allocations) != 8) return {};
  const auto requests = requests_of(disk);
  if (!requests) return std::nullopt;
  now.requests = *requests;
  return now;
}

}  // namespace

int read_disk(const char* disk, long mib) {
  const Memory memory = aligned_memory(block);
  const Fd file(::open(disk, O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!memory || !file) return complain(disk);
  const auto before = requests_of(disk);
  const auto seconds = timed(mib, [&] { return ::read(file.get(), memory.get(), block); });
  const auto after = requests_of(disk);
  if (!seconds || !before || !after) return complain("read");
  std::printf("%.6f %" PRIu64 "\n", *seconds, *after - *before);
  return EXIT_SUCCESS;
}

int write_disk(const char* disk, long mib) {
  const Memory memory = aligned_memory(block);
  const Fd file(::open(disk, O_WRONLY | O_DIRECT | O_CLOEXEC));
  if (!memory || !file) return complain(disk);
  return tell(timed(mib, [&] { return ::write(file.get(), memory.get(), block); }), "write");
}

int random_reads(const char* disk, long count) {
  const Memory memory = aligned_memory(depth * small_block);
  const Fd file(::open(disk, O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!memory || !file) return complain(disk);
  std::uint64_t size = 0;
  if (::ioctl(file.get(), BLKGETSIZE64, &size) != 0) return complain("size of the disk");
  if (size < small_block) return complain("a disk without a block");
  RandomReader reader(file.get(), size / small_block, memory.get());
  const auto start = Clock::now();
  if (!reader.run(count)) return complain("random reads");
  return tell(seconds_since(start), "random reads");
}

int allocations_of_reading(const char* disk, long mib, const char* counter) {
  const Memory memory = aligned_memory(block);
  const Fd file(::open(disk, O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!memory || !file) return complain(disk);
  const auto read_all = [&] {
    return timed(mib, [&] { return ::read(file.get(), memory.get(), block); });
  };
  if (!read_all() || ::lseek(file.get(), 0, SEEK_SET) != 0) return complain("read");
  const auto before = look(disk, counter);
  if (!before || before->allocations == 0) return complain("nothing was counted at the start");
  if (!read_all()) return complain("read");
  const auto after = look(disk, counter);
  if (!after || after->requests == before->requests) return complain("no request was counted");
  std::printf("%" PRIu64 " %" PRIu64 "\n", after->allocations - before->allocations,
              after->requests - before->requests);
  return EXIT_SUCCESS;
}

}  // namespace bench_guest
