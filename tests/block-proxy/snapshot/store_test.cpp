// SPDX-License-Identifier: GPL-2.0-or-later
// The store on real files: what a hostile medium, a damaged disk and a full one come to.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "block-proxy/snapshot/io/export.hpp"
#include "block-proxy/snapshot/io/list.hpp"
#include "tests/block-proxy/snapshot/store_rig.hpp"

namespace {

using namespace blockproxy::snapshot;
using tests::bytes_of;
using tests::FakeMedium;
using tests::geometry_of;
using tests::mib;
using tests::part;
using tests::StoreRig;

void complete(Store& store) {
  for (;;) {
    const auto progress = store.complete(4 * mib);
    ASSERT_TRUE(progress) << progress.error().text;
    if (progress->complete()) return;
  }
}

Verification verify(Store& store) {
  Verification walk;
  while (walk.next < store.geometry().blocks()) {
    const auto done = store.verify_some(walk, 7);
    EXPECT_TRUE(done) << (done ? "" : done.error().text);
    if (!done) break;
  }
  if (store.geometry().blocks() == 0) {
    EXPECT_TRUE(store.verify_some(walk, 1));
  }
  return walk;
}

int count_of(const Store& store, EventKind kind) {
  return static_cast<int>(std::ranges::count_if(
      store.events().events(), [&](const Event& each) { return each.kind == kind; }));
}

TEST(Store, ServesTheFirstAnswerForEver) {
  StoreRig rig;
  FakeMedium medium(3 * mib + 777);
  medium.lie_again = true;
  auto store = rig.create(medium.content.size());
  ASSERT_TRUE(store->attach(medium));
  for (int round = 0; round < 3; ++round) {
    for (const Range range : {Range{0, 4096}, Range{65000, 1000}, Range{0, 3 * mib + 777},
                              Range{3 * mib + 776, 1}, Range{5, 0}}) {
      EXPECT_EQ(bytes_of(store->read(range, Side::base)),
                part(medium.content, range.offset, range.length));
    }
    ASSERT_TRUE(store->flush());
    store.reset();
    store = rig.open();
    ASSERT_TRUE(store->attach(medium));
  }
  // Whoever reads it twice is told the truth about the stick.
  auto probe = store->start_probe();
  while (!probe.done) ASSERT_TRUE(store->probe_some(probe, 10));
  EXPECT_GT(probe.different, 10U);
  EXPECT_EQ(count_of(*store, EventKind::changed), static_cast<int>(probe.different));
  EXPECT_FALSE(store->read({0, max_read + 1}, Side::base));
  EXPECT_FALSE(store->read({3 * mib, 778}, Side::base));
}

TEST(Store, AsksTheMediumOncePerBlockAndMegabyte) {
  StoreRig rig;
  FakeMedium medium(4 * mib);
  auto store = rig.create(medium.content.size());
  ASSERT_TRUE(store->attach(medium));
  ASSERT_TRUE(store->read({0, 4 * mib}, Side::base));
  EXPECT_EQ(medium.reads, 4);
  ASSERT_TRUE(store->read({100, 2 * mib}, Side::base));
  complete(*store);
  EXPECT_EQ(medium.reads, 4);
  EXPECT_FALSE(*store->missing({0, 4 * mib}, Side::base));
}

TEST(Store, IsSealedWithARootThatAnybodyCanCompute) {
  StoreRig rig;
  FakeMedium medium(2 * mib + 5);
  auto store = rig.create(medium.content.size());
  EXPECT_FALSE(store->seal());
  ASSERT_TRUE(store->attach(medium));
  complete(*store);
  Sha256 hash;
  TreeBuilder tree;
  for (std::uint64_t i = 0; i < store->geometry().blocks(); ++i) {
    tree.push(leaf_hash(
        hash, std::span(medium.content).subspan(i * block_size, store->geometry().length_of(i))));
  }
  const Digest root = root_of(store->geometry(), tree.finish());
  const auto seal = store->seal();
  ASSERT_TRUE(seal);
  EXPECT_EQ(seal->root, root);
  store.reset();
  store = rig.open();
  ASSERT_TRUE(store->sealed());
  EXPECT_TRUE(verify(*store).matches_seal);
  const auto leaf = *store->hash_of(7);
  EXPECT_EQ(check_proof(store->geometry(), 7, *leaf, *store->proof(7), root), Proof::holds);
}

TEST(Store, OfAnEmptyMediumHasARoot) {
  StoreRig rig;
  auto store = rig.create(0);
  FakeMedium medium(0);
  ASSERT_TRUE(store->attach(medium));
  EXPECT_TRUE(store->progress().complete());
  ASSERT_TRUE(store->seal());
  EXPECT_TRUE(verify(*store).matches_seal);
  EXPECT_TRUE(store->read({0, 0}, Side::base)->empty());
}

TEST(Store, FillsUnreadableSectorsWithZerosAndListsThem) {
  StoreRig rig;
  FakeMedium medium(mib);
  medium.bad_sectors = {3, 130, 2047};
  auto store = rig.create(medium.content.size());
  ASSERT_TRUE(store->attach(medium));
  auto expected = medium.content;
  for (const std::uint64_t sector : medium.bad_sectors) {
    std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(sector * 512), 512, std::byte{0});
  }
  EXPECT_EQ(bytes_of(store->read({0, mib}, Side::base)), expected);
  ASSERT_TRUE(store->flush());
  store.reset();
  store = rig.open();
  EXPECT_EQ(bytes_of(store->read({0, mib}, Side::base)), expected);
  ASSERT_EQ(store->events().events().size(), 3U);
  EXPECT_EQ(store->events().events()[1].block, 1U);
  EXPECT_EQ(store->events().events()[1].sectors[0], std::byte{4});  // sector 130 is the block's 2
}

TEST(Store, TakesShortReadsAndRefusesHangsAndSizesThatChange) {
  StoreRig rig;
  FakeMedium medium(mib);
  medium.longest_read = 1000;
  auto store = rig.create(medium.content.size());
  EXPECT_FALSE(store->read({0, 1}, Side::base));  // no medium yet
  ASSERT_TRUE(store->attach(medium));
  EXPECT_EQ(bytes_of(store->read({0, 65536}, Side::base)), part(medium.content, 0, 65536));
  medium.hang = true;
  EXPECT_FALSE(store->read({65536, 1}, Side::base));
  EXPECT_EQ(store->progress().done, 1U);
  medium.hang = false;
  const auto whole = medium.content;
  medium.content.resize(mib / 2);
  EXPECT_FALSE(store->read({mib - 10, 10}, Side::base));
  EXPECT_FALSE(store->attach(medium));
  medium.claimed = 2 * mib;
  EXPECT_FALSE(store->attach(medium));
  EXPECT_EQ(count_of(*store, EventKind::resized), 3);  // at a block, and at two sizes
  medium.claimed.reset();
  medium.content = whole;
  ASSERT_TRUE(store->attach(medium));
  EXPECT_EQ(bytes_of(store->read({65536, 9}, Side::base)), part(whole, 65536, 9));
}

TEST(Store, NeverServesAWrongByteFromADamagedFolder) {
  const std::size_t size = mib + 300;
  int refused = 0;
  int sealed_ok = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    StoreRig rig;
    FakeMedium medium(size, seed);
    {
      auto store = rig.create(size);
      ASSERT_TRUE(store->attach(medium));
      complete(*store);
      ASSERT_TRUE(store->write(70000, tests::filled(100, 7)));
      ASSERT_TRUE(store->seal());
    }
    auto expected = medium.content;
    std::fill_n(expected.begin() + 70000, 100, std::byte{7});
    const std::array<const char*, 6> names{"header",       "data",          "index",
                                           "overlay.data", "overlay.index", "seal"};
    const auto path = rig.place().folder / names[random() % names.size()];
    const auto length = std::filesystem::file_size(path);
    if (seed % 5 == 0) {
      std::filesystem::resize_file(path, random() % length);
    } else {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      for (unsigned flips = 0; flips < 1 + seed % 3; ++flips) {
        const auto at = static_cast<std::streamoff>(random() % length);
        file.seekg(at);
        const int old = file.get();
        file.seekp(at);
        file.put(static_cast<char>(old ^ (1 << (random() % 8))));
      }
    }
    auto store = Store::open(rig.place(), {});
    if (!store) {
      ++refused;
      continue;
    }
    medium.lie_again = true;  // whatever it would say now must not get in
    (void)(*store)->attach(medium);
    for (std::uint64_t at = 0; at < size; at += 10000) {
      const Range range{at, std::min<std::uint64_t>(10000, size - at)};
      const auto before = bytes_of((*store)->read(range, Side::base));
      if (before) {
        EXPECT_EQ(*before, part(medium.content, range.offset, range.length));
      }
      const auto over = bytes_of((*store)->read(range, Side::overlay));
      // An overlay's record that was cut off altogether shows the base again.
      if (over && path.filename() != "overlay.index") {
        EXPECT_EQ(*over, part(expected, range.offset, range.length));
      }
    }
    const auto walk = verify(**store);
    EXPECT_FALSE(walk.matches_seal && walk.lost.blocks() != 0);
    sealed_ok += walk.matches_seal ? 1 : 0;
  }
  EXPECT_GT(refused, 10);
  EXPECT_GT(sealed_ok, 5);
}

TEST(Store, RefusesRecordsThatWereSwapped) {
  StoreRig rig;
  FakeMedium medium(mib);
  {
    auto store = rig.create(mib);
    ASSERT_TRUE(store->attach(medium));
    complete(*store);
    ASSERT_TRUE(store->seal());
  }
  for (const auto& [name, size] : {std::pair{"index", 64}, std::pair{"data", 65536}}) {
    std::fstream file(rig.place().folder / name, std::ios::in | std::ios::out | std::ios::binary);
    std::vector<char> two(2 * static_cast<std::size_t>(size));
    file.read(two.data(), 2 * size);
    std::rotate(two.begin(), two.begin() + size, two.end());
    file.seekp(0);
    file.write(two.data(), 2 * size);
  }
  auto store = rig.open();
  EXPECT_FALSE(store->read({0, 1}, Side::base));
  EXPECT_FALSE(store->read({65536, 1}, Side::base));
  EXPECT_TRUE(store->read({2 * 65536, 1}, Side::base));
  EXPECT_EQ(verify(*store).lost.blocks(), 2U);
}

TEST(Store, FetchesALostBlockAgainOnlyIfItIsTheSame) {
  StoreRig rig;
  FakeMedium medium(mib);
  {
    auto store = rig.create(mib);
    ASSERT_TRUE(store->attach(medium));
    complete(*store);
    ASSERT_TRUE(store->flush());
  }
  {
    std::fstream file(rig.place().folder / "data", std::ios::in | std::ios::out | std::ios::binary);
    for (const int block : {1, 2}) {
      file.seekp(block * 65536 + 5);
      file.write("xxxx", 4);
    }
  }
  auto store = rig.open();
  medium.content[2 * 65536 + 9] ^= std::byte{1};
  ASSERT_TRUE(store->attach(medium));
  EXPECT_EQ(bytes_of(store->read({65536, 65536}, Side::base)), part(medium.content, 65536, 65536));
  EXPECT_FALSE(store->read({2 * 65536, 1}, Side::base));
  EXPECT_EQ(count_of(*store, EventKind::lost), 2);
  EXPECT_EQ(count_of(*store, EventKind::changed), 1);
}

TEST(Store, KeepsToItsQuotaAndGoesOnWithMore) {
  StoreRig rig;
  FakeMedium medium(2 * mib);
  auto store = rig.create(2 * mib, {.quota = mib});
  ASSERT_TRUE(store->attach(medium));
  while (const auto progress = store->complete(65536)) ASSERT_FALSE(progress->complete());
  EXPECT_LE(store->used(), mib);
  const std::uint64_t done = store->progress().done;
  EXPECT_GT(done, 10U);
  EXPECT_FALSE(store->write(0, tests::filled(65536, 1)));
  ASSERT_TRUE(store->flush());
  store.reset();
  store = rig.open();
  EXPECT_EQ(store->progress().done, done);
  ASSERT_TRUE(store->attach(medium));
  complete(*store);
  EXPECT_EQ(bytes_of(store->read({0, 2 * mib}, Side::base)), medium.content);
}

// Fails as a full disk does, while it is told to.
class FullDisk : public FileTap {
 public:
  int before_write(const std::string&, std::uint64_t, base::wire::Bytes) override {
    return full ? ENOSPC : 0;
  }
  void truncated(const std::string&, std::uint64_t) override {}
  void synced(const std::string&) override {}
  bool full = false;
};

TEST(Store, LosesNothingOnAFullDisk) {
  StoreRig rig;
  FakeMedium medium(2 * mib);
  FullDisk disk;
  auto store = rig.create(2 * mib, {.cache_bytes = 65536, .tap = &disk});
  ASSERT_TRUE(store->attach(medium));
  ASSERT_TRUE(store->read({0, mib / 2}, Side::base));
  ASSERT_TRUE(store->write(0, tests::filled(70000, 3)));
  disk.full = true;
  const auto refused = store->read({mib, 1}, Side::base);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("make room"), std::string::npos) << refused.error().text;
  EXPECT_FALSE(store->write(mib / 2, tests::filled(65536, 4)));
  EXPECT_FALSE(store->flush());
  disk.full = false;
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(bytes_of(store->read({mib, 1}, Side::base)), part(medium.content, mib, 1));
  store.reset();
  store = rig.open();
  EXPECT_EQ(bytes_of(store->read({0, 70000}, Side::overlay)), tests::filled(70000, 3));
  EXPECT_EQ(bytes_of(store->read({0, mib / 2}, Side::base)), part(medium.content, 0, mib / 2));
}

TEST(Store, TellsAFileThatMayNotGrow) {
  StoreRig rig;
  FakeMedium medium(mib);
  auto store = rig.create(mib);
  ASSERT_TRUE(store->attach(medium));
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = old;
  small.rlim_cur = 300000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE(store->read({0, mib}, Side::base));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_EQ(bytes_of(store->read({0, mib}, Side::base)), medium.content);
}

TEST(Store, DiesWithItsKeyUnlessItIsKept) {
  StoreRig rig;
  FakeMedium medium(mib);
  auto store = rig.create(mib);
  ASSERT_TRUE(store->attach(medium));
  complete(*store);
  ASSERT_TRUE(store->flush());
  struct stat key {};
  ASSERT_EQ(::stat(rig.place().key_file.c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777U, 0600U);
  EXPECT_FALSE(Store::open(rig.place(), {}));  // locked
  ASSERT_TRUE(store->keep());
  store.reset();
  ASSERT_EQ(::unlink(rig.place().key_file.c_str()), 0);
  EXPECT_TRUE(Store::open(rig.place(), {}));
  const auto kept = list(rig.folder.path(), rig.folder.path());
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ(kept->front().state, State::kept);
  ASSERT_EQ(::unlink((rig.place().folder / "key").c_str()), 0);
  EXPECT_FALSE(Store::open(rig.place(), {}));
  EXPECT_EQ(list(rig.folder.path(), rig.folder.path())->front().state, State::lost_key);
  EXPECT_TRUE(drop(rig.place()));
  EXPECT_FALSE(std::filesystem::exists(rig.place().folder));
}

TEST(Store, IsListedWithWhatItIs) {
  StoreRig rig;
  FakeMedium medium(mib);
  const Place place{rig.folder.path() / "one", rig.folder.path() / "one.key"};
  const auto state = [&] { return list(rig.folder.path(), rig.folder.path())->front().state; };
  auto store = *Store::create(place, geometry_of(mib), {});
  EXPECT_EQ(state(), State::lazy);
  ASSERT_TRUE(store->attach(medium));
  complete(*store);
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(state(), State::complete);
  ASSERT_TRUE(store->seal());
  EXPECT_EQ(state(), State::sealed);
  std::filesystem::resize_file(place.folder / "header", 50);
  EXPECT_EQ(state(), State::damaged);
}

TEST(Store, HoldsAHugeSparseMediumInLittleMemoryAndDisk) {
  StoreRig rig;
  const std::uint64_t size = std::uint64_t{3} << 40;
  auto store = rig.create(size);
  const std::vector<SectorMap> bad(1);
  for (std::uint64_t number = 5; number < size / block_size; number += 1000003) {
    ASSERT_TRUE(
        store->accept({number, 1}, tests::filled(65536, static_cast<int>(number % 255) + 1), bad));
  }
  const auto read = store->extents(1000);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->blocks(), 51U);
  store.reset();
  store = rig.open();
  EXPECT_EQ(store->progress().done, 51U);
  EXPECT_EQ(store->progress().total, 50331648U);
  EXPECT_EQ(bytes_of(store->read({(5 + 1000003) * std::uint64_t{65536} + 7, 2}, Side::base)),
            tests::filled(2, static_cast<int>(1000008 % 255) + 1));
}

TEST(Store, IsExportedAsImageAndHashes) {
  StoreRig rig;
  FakeMedium medium(5 * mib + 9);
  auto store = rig.create(medium.content.size());
  ASSERT_TRUE(store->attach(medium));
  ASSERT_TRUE(store->read({mib, 100}, Side::base));
  const std::string path = (rig.folder.path() / "image").string();
  const base::io::Fd out(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const auto holes = [&store, &out](Missing missing) -> std::optional<std::uint64_t> {
    auto image = ImageExport::begin(*store, base::io::Fd(::dup(out.get())), missing);
    if (!image) return std::nullopt;
    while (!image->progress().complete()) {
      if (!image->step(7)) return std::nullopt;
    }
    return image->holes();
  };
  EXPECT_FALSE(holes(Missing::refuse));
  EXPECT_EQ(holes(Missing::holes), store->geometry().blocks() - 1);
  complete(*store);
  EXPECT_EQ(holes(Missing::refuse), 0U);
  std::vector<std::byte> image(medium.content.size() + 1);
  EXPECT_EQ(::pread(out.get(), image.data(), image.size(), 0),
            static_cast<ssize_t>(medium.content.size()));
  image.pop_back();
  EXPECT_EQ(image, medium.content);
  struct stat found {};
  ASSERT_EQ(::fstat(out.get(), &found), 0);
  EXPECT_LT(static_cast<std::uint64_t>(found.st_blocks) * 512, 4 * mib + 3 * 65536);
  const std::string hashes = (rig.folder.path() / "hashes").string();
  HashExport list(*store,
                  base::io::Fd(::open(hashes.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
  while (!list.progress().complete()) ASSERT_TRUE(list.step(7));
  std::ifstream lines(hashes);
  std::string line;
  std::string last;
  std::uint64_t count = 0;
  for (; std::getline(lines, line); ++count) last = line;
  EXPECT_EQ(count, store->geometry().blocks() + 1);
  EXPECT_EQ(last, "root " + base::hash::to_hex(*store->root()));
}

}  // namespace
