// SPDX-License-Identifier: GPL-2.0-or-later
// Header lines of the command port.
#include "tests/rig/wire.hpp"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(Wire, HeaderSurvivesARoundTrip) {
  const Header header{.id = UINT64_MAX, .number = -1, .length = 7};
  std::string line = format_header("done", header);
  EXPECT_LE(line.size(), max_header);
  line.pop_back();
  EXPECT_EQ(parse_header(line, "done", 7), header);
}

TEST(Wire, RefusesWhatIsNoHeader) {
  for (const char* line :
       {"", "run", "run 1 2", "run 1 2 3 4", "run 1 2 -3", "run 1 2 3 ", "run  1 2 3", "run x 2 3",
        "done 1 2 3", "run 1 2 11", "run 99999999999999999999 2 3"}) {
    EXPECT_FALSE(parse_header(line, "run", 10)) << line;
  }
  EXPECT_TRUE(parse_header("run 1 2 10", "run", 10));
}

}  // namespace
}  // namespace rig
