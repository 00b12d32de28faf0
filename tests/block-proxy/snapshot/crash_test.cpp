// SPDX-License-Identifier: GPL-2.0-or-later
// A process killed at any moment, and a power cut that loses any writes that were not synced.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/block-proxy/snapshot/store_rig.hpp"

namespace {

using namespace blockproxy::snapshot;
using tests::bytes_of;
using tests::FakeMedium;
using tests::mib;
using tests::StoreRig;

constexpr std::uint64_t medium_blocks = 96;
constexpr std::uint64_t medium_size = medium_blocks * block_size - 77;

// Every overlay block is filled with its round, so that a torn or stale one is seen.
constexpr int no_round = -1;

// Opens what a crash left: each stored block is the medium's, each overlay block a whole one of a
// round from `oldest` on (where one is known) up to `newest`.
void check_left(const StoreRig& rig, const FakeMedium& medium, const std::vector<int>& oldest,
                const std::vector<int>& newest) {
  auto store = Store::open(rig.place(), {});
  ASSERT_TRUE(store) << store.error().text;
  for (std::uint64_t number = 0; number < medium_blocks; ++number) {
    const Range range = (*store)->geometry().bytes_of({number, 1});
    const auto hash = (*store)->hash_of(number);
    ASSERT_TRUE(hash) << hash.error().text;
    const auto expected = tests::part(medium.content, range.offset, range.length);
    if (*hash) {
      const auto read = (*store)->read(range, Side::base);
      ASSERT_TRUE(read) << read.error().text;
      ASSERT_EQ(bytes_of(read), expected) << number;
    }
    const auto over = (*store)->read(range, Side::overlay);
    if (!over) {
      ASSERT_FALSE(*hash) << over.error().text;  // missing, and no medium to ask: nothing else
      ASSERT_EQ(oldest[number], no_round) << number;
      continue;
    }
    const auto bytes = *bytes_of(over);
    if (bytes == expected) {
      ASSERT_EQ(oldest[number], no_round) << number;
      continue;
    }
    const int round = static_cast<int>(bytes[0]) + 256 * static_cast<int>(bytes[1]);
    ASSERT_GE(round, oldest[number]) << number;
    ASSERT_LE(round, newest[number]) << number;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
      ASSERT_EQ(static_cast<int>(bytes[i]) + 256 * static_cast<int>(bytes[i + 1]), round);
    }
  }
  EXPECT_EQ((*store)->events().events().size(), 0U);  // nothing was lost
}

std::vector<std::byte> block_of_round(std::uint64_t length, int round) {
  std::vector<std::byte> bytes(length);
  for (std::size_t i = 0; i < length; ++i) {
    bytes[i] = static_cast<std::byte>(i % 2 == 0 ? round % 256 : round / 256);
  }
  return bytes;
}

// Fills the base, writes the overlay and flushes, by chance. `wrote` and `flushed` are told.
template <class Wrote, class Flushed>
void work(Store& store, std::mt19937& random, int rounds, Wrote wrote, Flushed flushed) {
  for (int round = 1; round <= rounds; ++round) {
    const std::uint64_t number = random() % medium_blocks;
    const Range range = store.geometry().bytes_of({number, 1});
    bool good = true;
    switch (random() % 8) {
      case 0:
        good = store.complete(3 * block_size).has_value();
        break;
      case 1:
        good = store.flush().has_value();
        if (good) flushed();
        break;
      case 2:
        good = store.read(range, Side::base).has_value();
        break;
      default:
        wrote(number, round);
        good = store.write(range.offset, block_of_round(range.length, round)).has_value();
        break;
    }
    if (!good) std::abort();
  }
}

TEST(Crash, KilledAtAnyMomentLeavesOnlyValidBlocks) {
  // Rounds that a flush made durable are told through a pipe: they must be there.
  int done_something = 0;
  for (unsigned seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StoreRig rig;
    FakeMedium medium(medium_size, seed);
    { ASSERT_TRUE(rig.create(medium_size)); }
    auto told = base::io::pipe_pair();
    ASSERT_TRUE(told);
    std::mt19937 random(seed);
    const auto wait = static_cast<int>(random() % 120000);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Store::open(rig.place(), {.dirty_bytes = 10 * block_size});
      if (!store || !(*store)->attach(medium)) ::_exit(1);
      std::array<int, 2> line{};
      work(
          **store, random, 30000,
          [&](std::uint64_t number, int round) {
            line = {static_cast<int>(number), round};
            if (::write(told->second.get(), line.data(), sizeof(line)) < 0) ::_exit(2);
          },
          [&] {
            line = {no_round, 0};
            if (::write(told->second.get(), line.data(), sizeof(line)) < 0) ::_exit(2);
          });
      ::_exit(0);
    }
    told->second.reset();
    // Reads what it tells until it is killed, so that it never waits for the pipe.
    std::vector<int> oldest(medium_blocks, no_round);
    std::vector<int> newest(medium_blocks, no_round);
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(wait);
    std::array<int, 2> line{};
    bool killed = false;
    for (;;) {
      if (!killed && std::chrono::steady_clock::now() >= end) {
        ::kill(child, SIGKILL);
        killed = true;
      }
      const ssize_t got = ::read(told->first.get(), line.data(), sizeof(line));
      if (got <= 0) break;
      ++done_something;
      if (line[0] == no_round) {
        oldest = newest;
      } else {
        newest[static_cast<std::size_t>(line[0])] = line[1];
      }
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
    check_left(rig, medium, oldest, newest);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(done_something, 500);
}

// Writes down what goes to each file, and what was synced.
class Recorder : public FileTap {
 public:
  struct Write {
    std::string file;
    std::uint64_t offset = 0;
    std::vector<std::byte> data;
  };
  int before_write(const std::string& file, std::uint64_t offset, base::wire::Bytes data) override {
    loose.push_back({file, offset, {data.begin(), data.end()}});
    return 0;
  }
  void truncated(const std::string& file, std::uint64_t) override {
    ADD_FAILURE() << "not expected here: " << file;
  }
  void synced(const std::string& file) override {
    std::erase_if(loose, [&](Write& each) {
      if (each.file != file) return false;
      apply(durable[file], each, each.data.size());
      return true;
    });
  }
  static void apply(std::vector<std::byte>& content, const Write& write, std::size_t length) {
    if (content.size() < write.offset + length) content.resize(write.offset + length);
    std::copy_n(write.data.begin(), length,
                content.begin() + static_cast<std::ptrdiff_t>(write.offset));
  }

  std::map<std::string, std::vector<std::byte>> durable;
  std::vector<Write> loose;  // in order
};

// A folder with what is durable and, of the rest, single sectors by chance: a disk may write them
// in any order, and tears what is longer than a sector.
void rebuild(const Recorder& recorder, const std::filesystem::path& folder, std::mt19937& random) {
  auto files = recorder.durable;
  for (const auto& write : recorder.loose) {
    const auto kept = random() % 4;  // in quarters: none of it up to nearly all
    std::size_t at = 0;
    while (at < write.data.size()) {
      const std::uint64_t offset = write.offset + at;
      const std::size_t length = std::min<std::size_t>(512 - offset % 512, write.data.size() - at);
      if (random() % 4 < kept) {
        const auto first = write.data.begin() + static_cast<std::ptrdiff_t>(at);
        const Recorder::Write sector{
            write.file, offset, {first, first + static_cast<std::ptrdiff_t>(length)}};
        Recorder::apply(files[write.file], sector, length);
      }
      at += length;
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto& content = files[entry.path().filename().string()];
    std::ofstream out(entry.path(), std::ios::binary | std::ios::trunc);
    out.write(base::wire::as_text(content).data(), static_cast<std::streamsize>(content.size()));
  }
}

TEST(Crash, APowerCutLeavesOnlyValidBlocksInAnyOrderOfWrites) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StoreRig rig;
    FakeMedium medium(medium_size, seed);
    std::mt19937 random(seed);
    Recorder recorder;
    std::vector<int> oldest(medium_blocks, no_round);
    std::vector<int> newest(medium_blocks, no_round);
    {
      auto store = rig.create(medium_size, {.dirty_bytes = 12 * block_size, .tap = &recorder});
      ASSERT_TRUE(store->attach(medium));
      work(
          *store, random, static_cast<int>(random() % 120),
          [&](std::uint64_t number, int round) { newest[number] = round; },
          [&] { oldest = newest; });
    }
    rebuild(recorder, rig.place().folder, random);
    check_left(rig, medium, oldest, newest);
    if (HasFatalFailure()) return;
  }
}

// At every single write and sync of one run, not only at its end.
TEST(Crash, APowerCutAtEachWriteOfAFlushAndSeal) {
  class Cut : public Recorder {
   public:
    int before_write(const std::string& file, std::uint64_t offset,
                     base::wire::Bytes data) override {
      if (left == 0) return EIO;
      --left;
      return Recorder::before_write(file, offset, data);
    }
    int left = 1000000;
  };
  bool sealed = false;
  int cuts = 0;
  for (int writes = 2; !sealed; ++writes, ++cuts) {
    ASSERT_LT(writes, 500);
    SCOPED_TRACE("after " + std::to_string(writes) + " writes");
    StoreRig rig;
    FakeMedium medium(medium_size);
    medium.bad_sectors = {7, 2000};
    auto expected = medium.content;
    for (const std::uint64_t sector : medium.bad_sectors) {
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(sector * 512), 512, std::byte{0});
    }
    Cut recorder;
    {
      auto store = rig.create(medium_size, {.dirty_bytes = 20 * block_size, .tap = &recorder});
      recorder.left = writes;
      ASSERT_TRUE(store->attach(medium));
      while (const auto progress = store->complete(5 * block_size)) {
        if (progress->complete()) break;
      }
      sealed = store->seal().has_value();
    }
    std::mt19937 random(static_cast<unsigned>(writes));
    rebuild(recorder, rig.place().folder, random);
    auto store = Store::open(rig.place(), {});
    ASSERT_TRUE(store) << store.error().text;
    for (std::uint64_t number = 0; number < medium_blocks; ++number) {
      const auto hash = (*store)->hash_of(number);
      ASSERT_TRUE(hash);
      if (!*hash) continue;
      const Range range = (*store)->geometry().bytes_of({number, 1});
      ASSERT_EQ(bytes_of((*store)->read(range, Side::base)),
                tests::part(expected, range.offset, range.length));
    }
    if (!(*store)->sealed()) continue;
    Verification walk;
    ASSERT_TRUE((*store)->verify_some(walk, medium_blocks));
    ASSERT_TRUE(walk.matches_seal);
  }
  EXPECT_GT(cuts, 20);
}

}  // namespace
