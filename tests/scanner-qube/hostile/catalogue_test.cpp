// SPDX-License-Identifier: GPL-2.0-or-later
// Every medium of the catalogue through the real scanner: never clean, within bounds, and nothing
// left behind.
#include <gtest/gtest.h>

#include <set>

#include "tests/places.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/hostile/scan_process.hpp"
#include "tests/scanner-qube/samples.hpp"

namespace tests::hostile {
namespace {

namespace fs = std::filesystem;

// A sanitizer takes several times as long, and as much.
#if defined(SALLYPORT_SANITIZED)
constexpr int slower = 6;
#else
constexpr int slower = 1;
#endif

class Hostile : public testing::TestWithParam<Medium> {};

bool allowed(Expected expected, const std::string& verdict) {
  switch (expected) {
    case Expected::infected:
      return verdict == "infected";
    case Expected::not_missed:
      return verdict == "infected" || verdict == "incomplete";
    case Expected::incomplete:
      return verdict == "incomplete";
    case Expected::doubtful:
      return verdict == "incomplete" || verdict == "suspicious";
  }
  return false;
}

int exit_status_of(const std::string& verdict) { return verdict == "infected" ? 1 : 3; }

// For whoever has to find out why.
std::string keep(const std::string& image, const std::string& name) {
  const fs::path kept = fs::path(places::build()) / "hostile" / (name + ".img");
  fs::create_directories(kept.parent_path());
  fs::copy_file(image, kept, fs::copy_options::overwrite_existing);
  return kept.string();
}

TEST_P(Hostile, IsNeverCleanAndCostsLittle) {
  const Medium& medium = GetParam();
  const Folder folder;
  samples::write_signatures(folder.path() / "db");
  const std::string image = medium.make(folder);
  const auto time = slower * medium.time;
  const ScanOutcome outcome = scan_image({.image = image,
                                          .database = folder.path() / "db",
                                          .options = {"--time", std::to_string(time.count())},
                                          .time = 2 * time + std::chrono::seconds(10)});
  EXPECT_TRUE(outcome.in_time) << "killed after " << outcome.took.count() << " ms";
  EXPECT_TRUE(allowed(medium.expected, outcome.verdict)) << outcome.said.substr(0, 4000);
  EXPECT_EQ(outcome.exit_status, exit_status_of(outcome.verdict));
  EXPECT_LE(outcome.peak_memory, slower * medium.memory);
  EXPECT_EQ(outcome.debris, std::vector<std::string>());
  RecordProperty("milliseconds", static_cast<int>(outcome.took.count()));
  RecordProperty("mebibytes", static_cast<int>(outcome.peak_memory >> 20U));
  RecordProperty("verdict", outcome.verdict);
  if (HasFailure()) ADD_FAILURE() << "the medium is kept as " << keep(image, medium.name);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Hostile, testing::ValuesIn(catalogue()),
                         [](const auto& tested) { return tested.param.name; });

TEST(Catalogue, HasTwoHundredMediaOfDifferentNames) {
  std::set<std::string> names;
  const Media media = catalogue();
  for (const Medium& medium : media) names.insert(medium.name);
  EXPECT_EQ(names.size(), media.size());
  EXPECT_GE(names.size(), 200U);
}

}  // namespace
}  // namespace tests::hostile
