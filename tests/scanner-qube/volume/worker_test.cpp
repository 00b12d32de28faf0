// SPDX-License-Identifier: GPL-2.0-or-later
// Workers that crash, hang, hoard or break out, and media that fail: never a clean result.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume;

// What libtsk makes of a FAT image whose medium acts up when the root folder is read.
Listing listing_of(const std::string& image, OddSource::Act act, const WorkerLimits& limits) {
  const std::uint64_t half = slurp(image).size() / 2;
  const OddSource source(image, {.offset = 0, .length = half}, std::move(act));
  const Job job{
      .task = Task::walk, .part = {.offset = 0, .length = source.size()}, .kind = FileSystem::fat};
  auto worker = Worker::start(source, job, limits, "the reader of part 0");
  if (!worker) std::abort();
  Listing listing;
  collect(**worker, listing);
  EXPECT_FALSE(listing.complete());
  return listing;
}

TEST(Worker, ACrashIsAFinding) {
  const Folder folder;
  const auto listing = listing_of(fat_image(folder, 12),
                                  [] {
                                    ::signal(SIGSEGV, SIG_DFL);
                                    ::raise(SIGSEGV);
                                    return true;
                                  },
                                  {});
  EXPECT_TRUE(has(listing.findings, Concern::reader_ended, "part 0 ended by signal 11"));
}

TEST(Worker, AHangIsStopped) {
  const Folder folder;
  const auto begin = std::chrono::steady_clock::now();
  const auto listing = listing_of(fat_image(folder, 12),
                                  [] {
                                    for (;;) ::usleep(1000);
                                    return true;
                                  },
                                  {.walk = std::chrono::milliseconds(300)});
  EXPECT_TRUE(has(listing.findings, Concern::reader_ended, "too long"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Worker, OneThatOnlyComputesMeetsItsProcessorLimit) {
  const Folder folder;
  const auto listing = listing_of(fat_image(folder, 12),
                                  [] {
                                    while (::getpid() != 0) {
                                    }
                                    return true;
                                  },
                                  {.cpu_seconds = 1});
  EXPECT_TRUE(has(listing.findings, Concern::reader_ended, "ended by signal"));
}

// A sanitizer maps terabytes for itself, so there is no such limit with one (io/worker_child.cpp).
#if !defined(SALLYPORT_SANITIZED)
TEST(Worker, OneThatWantsAllMemoryEnds) {
  const Folder folder;
  const auto listing = listing_of(fat_image(folder, 12),
                                  [] {
                                    std::vector<std::vector<char>> all;
                                    for (;;) all.emplace_back(16 * 1024 * 1024, 'x');
                                    return true;
                                  },
                                  {.memory = 256 * 1024 * 1024});
  EXPECT_TRUE(has(listing.findings, Concern::reader_ended, "ran out of memory"))
      << listing.findings.at(0).text;
}
#endif

TEST(Worker, FilesAreOutOfReach) {
  const Folder folder;
  const auto listing = listing_of(fat_image(folder, 12),
                                  [] {
                                    // Sanitizers need the call itself: there it is Landlock that
                                    // refuses the file.
                                    if (::openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC) < 0)
                                      ::raise(SIGSYS);
                                    return true;
                                  },
                                  {});
  EXPECT_TRUE(has(listing.findings, Concern::reader_ended, "ended by signal 31"));
}

TEST(Worker, AReadErrorIsLatchedWithItsOffset) {
  const Folder folder;
  const std::string image = fat_image(folder, 16);
  const Report good = look(image);
  const Entry* big = find(good, "big.bin");
  ASSERT_NE(big, nullptr);
  const std::uint64_t bad = big->extents.at(0).where.offset + 300'000;

  const OddSource source(image, {.offset = bad, .length = 512}, [] { return false; });
  ExamineOptions options;
  bool asked = false;
  options.listed = [&](const PartReport&, FileSystemReport& file_system, Worker& worker,
                       const ForkableSource&) {
    for (const Entry& entry : file_system.listing.entries) {
      if (entry.path != "big.bin") continue;
      asked = true;
      EXPECT_TRUE(worker.read(entry.handle, 0, 1000));
      const auto piece = worker.read(entry.handle, 299'000, 2000);
      ASSERT_FALSE(piece);
      EXPECT_NE(piece.error().text.find("first at " + std::to_string(bad)), std::string::npos)
          << piece.error().text;
    }
  };
  const Report report = examine(source, options);
  EXPECT_TRUE(asked);
}

TEST(Worker, AFolderThatCannotBeReadIsNoEmptyFolder) {
  const Folder folder;
  const std::string image = fat_image(folder, 16);
  const Report good = look(image);
  ASSERT_TRUE(good.complete());
  const std::string all = slurp(image);
  // Where the names of folder/deeper stand: the short name of its leaf.
  const auto at = all.find("LEAF       ");
  ASSERT_NE(at, std::string::npos);
  const OddSource source(image, {.offset = at / 512 * 512, .length = 512}, [] { return false; });
  const Report report = examine(source, {});
  EXPECT_FALSE(report.complete());
  EXPECT_TRUE(has(report, Concern::read_error, std::to_string(at / 512 * 512)));
}

TEST(Worker, ARequestForNothingIsAnswered) {
  const Folder folder;
  const std::string image = fat_image(folder, 12);
  bool asked = false;
  look(image, false, [&](const auto&, auto&, Worker& worker, const auto&) {
    asked = true;
    EXPECT_FALSE(worker.read({.address = ~0ULL, .attribute = 1, .id = 0}, 0, 10));
    EXPECT_FALSE(worker.read({.address = 7, .attribute = 99, .id = 0}, 0, 10));
    EXPECT_FALSE(worker.read({.address = 0, .attribute = 1, .id = 0}, ~0ULL, 10));
  });
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace tests
