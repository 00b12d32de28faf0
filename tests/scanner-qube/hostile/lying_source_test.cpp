// SPDX-License-Identifier: GPL-2.0-or-later
// Media that fail at any read, answer differently the second time, shrink, hang, and workers that
// are killed at any moment.
#include "tests/scanner-qube/hostile/lying_source.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/rig.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

using scannerqube::MediumReport;
using scannerqube::Verdict;
using scannerqube::volume::Range;
using Act = LyingSource::Act;

constexpr std::array some_forms{Form::fat16, Form::exfat,  Form::ntfs,
                                Form::ext4,  Form::joliet, Form::hfs_plus};
constexpr unsigned places = SALLYPORT_LIES_EACH;

class LyingSourceTest : public ScanRig {
 protected:
  // Scans with one act at a seeded read of each of `places`, of all reads that an honest scan
  // makes.
  void at_seeded_reads(Act act) {
    for (const Form form : some_forms) {
      const std::string image = usual_image(form, folder());
      const LyingSource honest(image, [](auto, auto) { return Act::honest; });
      ASSERT_EQ(scan(honest).verdict(), Verdict::infected) << name_of(form);
      std::mt19937 random(static_cast<unsigned>(form) + 1);
      for (unsigned i = 0; i < places; ++i) {
        const std::uint64_t bad = random() % honest.reads();
        const LyingSource source(image, [bad, act](std::uint64_t number, Range) {
          return number == bad ? act : Act::honest;
        });
        const MediumReport report = scan(source);
        EXPECT_GT(source.reads(), bad);
        EXPECT_TRUE(report.verdict() == Verdict::infected ||
                    report.verdict() == Verdict::incomplete)
            << name_of(form) << ", read " << bad << "\n"
            << scannerqube::report::as_lines(report);
      }
    }
  }
};

TEST_F(LyingSourceTest, AnErrorAtAnyReadIsNeverClean) { at_seeded_reads(Act::error); }
TEST_F(LyingSourceTest, AWorkerKilledAtAnyReadIsNeverClean) { at_seeded_reads(Act::kill); }
TEST_F(LyingSourceTest, OtherBytesAtAnyReadAreNeverClean) { at_seeded_reads(Act::other_bytes); }

TEST_F(LyingSourceTest, AnErrorAtAnyOffsetIsNeverClean) {
  for (const Form form : some_forms) {
    const std::string image = usual_image(form, folder());
    std::mt19937 random(static_cast<unsigned>(form) + 100);
    const std::uint64_t size = slurp(image).size();
    for (unsigned i = 0; i < places; ++i) {
      // The beginning is where most is.
      const std::uint64_t bad = random() % (i % 2 == 0 ? size : size / 16);
      const LyingSource source(image, [bad](auto, Range where) {
        return bad >= where.offset && bad < where.end() ? Act::error : Act::honest;
      });
      const MediumReport report = scan(source);
      EXPECT_TRUE(report.verdict() == Verdict::infected || report.verdict() == Verdict::incomplete)
          << name_of(form) << ", byte " << bad << "\n"
          << scannerqube::report::as_lines(report);
    }
  }
}

TEST_F(LyingSourceTest, AnUnpluggedMediumIsNeverClean) {
  for (const Form form : some_forms) {
    const std::string image = usual_image(form, folder());
    for (std::uint64_t after = 0; after < 40; after += 40 / places + 1) {
      const LyingSource source(image, [after](std::uint64_t number, Range) {
        return number >= after ? Act::error : Act::honest;
      });
      EXPECT_NE(scan(source).verdict(), Verdict::clean) << name_of(form) << ", after " << after;
    }
  }
}

// Cuts the image off when the scan has made that many reads.
class Shortener {
 public:
  Shortener(const std::string& image, const LyingSource& source, std::uint64_t after) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    while (source.reads() < after) ::sched_yield();
    ::_exit(::truncate(image.c_str(), 20'000));
  }
  ~Shortener() {
    ::kill(pid_, SIGKILL);  // a scan may end before
    ::waitpid(pid_, nullptr, 0);
  }
  Shortener(const Shortener&) = delete;
  Shortener& operator=(const Shortener&) = delete;

 private:
  pid_t pid_;
};

TEST_F(LyingSourceTest, AMediumThatShrinksWhileItIsReadIsNeverClean) {
  for (std::uint64_t after = 1; after < 2 * places; ++after) {
    const std::string image = usual_image(Form::fat16, folder());
    const LyingSource source(image, [](auto, auto) { return Act::honest; });
    const Shortener shortener(image, source, after * 3);
    const MediumReport report = scan(source);
    EXPECT_TRUE(report.verdict() == Verdict::infected || report.verdict() == Verdict::incomplete)
        << after << "\n"
        << scannerqube::report::as_lines(report);
  }
}

TEST_F(LyingSourceTest, AReadThatHangsIsGivenUp) {
  options_.time = std::chrono::seconds(1);
  const std::string image = usual_image(Form::ext4, folder());
  for (const std::uint64_t at : {0U, 9U, 30U}) {
    const LyingSource source(image, [at](std::uint64_t number, Range) {
      return number == at ? Act::hang : Act::honest;
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(scan(source).verdict(), Verdict::incomplete) << at;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10)) << at;
  }
}

TEST_F(LyingSourceTest, WhatIsBehindTheTimeIsNotExamined) {
  options_.time = std::chrono::milliseconds(0);
  const MediumReport report = scan(usual_image(Form::fat16, folder()));
  EXPECT_EQ(report.verdict(), Verdict::incomplete);
  EXPECT_NE(scannerqube::report::as_lines(report).find("no time left"), std::string::npos);
}

}  // namespace
}  // namespace tests::hostile
