// SPDX-License-Identifier: GPL-2.0-or-later
// What receivers tell each other, and what is left of one that was killed.
#include "input-proxy/io/chord_board.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <vector>

#include "tests/fakes/folder.hpp"

namespace inputproxy::io {
namespace {

class ChordBoardTest : public testing::Test {
 protected:
  ChordBoard open() { return std::move(*ChordBoard::open(folder_.path() / "chords")); }
  const tests::Folder folder_;
};

TEST_F(ChordBoardTest, TellsWhatOthersHold) {
  ChordBoard one = open();
  ChordBoard two = open();
  ChordBoard three = open();
  one.tell({.control = true});
  two.tell({.alt = true, .action = true});
  EXPECT_EQ(three.elsewhere(), (ChordKeys{.control = true, .alt = true, .action = true}));
  EXPECT_EQ(one.elsewhere(), (ChordKeys{.alt = true, .action = true}));
  two.tell({});
  EXPECT_EQ(one.elsewhere(), ChordKeys{});
}

TEST_F(ChordBoardTest, WhoIsKilledHoldsNothing) {
  const ChordBoard mine = open();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ChordBoard other = open();
    other.tell({.control = true, .alt = true});
    for (;;) ::pause();
  }
  for (int tries = 0; tries < 1000 && !mine.elsewhere().alt; ++tries) ::usleep(5000);
  EXPECT_TRUE(mine.elsewhere().alt);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(mine.elsewhere(), ChordKeys{});
}

TEST_F(ChordBoardTest, HasRoomForSixtyFour) {
  std::vector<ChordBoard> all;
  for (std::size_t i = 0; i < ChordBoard::slots; ++i) all.push_back(open());
  EXPECT_FALSE(ChordBoard::open(folder_.path() / "chords"));
  all.pop_back();
  EXPECT_TRUE(ChordBoard::open(folder_.path() / "chords"));
}

TEST_F(ChordBoardTest, SaysWhyItCannot) {
  EXPECT_FALSE(ChordBoard::open(folder_.path() / "no" / "chords"));
}

}  // namespace
}  // namespace inputproxy::io
