// SPDX-License-Identifier: GPL-2.0-or-later
// The test's end of the command port against answers of every kind, and its deadlines.
#include "tests/rig/command_channel.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/io/files.hpp"
#include "tests/rig/wire.hpp"

namespace rig {
namespace {

using std::chrono::milliseconds;

// Plays the guest: takes one request and sends what `answer` makes of its ID.
class CommandChannelTest : public testing::Test {
 protected:
  base::Result<CommandResult> run_against(std::string (*answer)(std::uint64_t id)) {
    auto pair = base::io::stream_pair();
    if (!pair) return base::fail(pair.error().text);
    LineSocket guest(std::move(pair->second));
    std::jthread thread([&guest, answer] {
      const auto deadline = deadline_after(std::chrono::seconds(5));
      auto line = guest.read_line(max_header, deadline);
      if (!line) return;
      line->pop_back();
      const auto request = parse_header(*line, "run", max_command);
      if (!request || !guest.read_exactly(request->length, deadline)) return;
      EXPECT_TRUE(guest.send(answer(request->id), deadline));
    });
    CommandChannel channel(LineSocket(std::move(pair->first)));
    return channel.run("true", milliseconds(100), milliseconds(200));
  }
};

TEST_F(CommandChannelTest, GivesExitCodeAndOutput) {
  const auto result = run_against([](std::uint64_t id) {
    return format_header("done", {.id = id, .number = 3, .length = 5}) + "a\nb\n\n";
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit, 3);
  EXPECT_EQ(result->out, "a\nb\n\n");
}

TEST_F(CommandChannelTest, SkipsALateAnswerToAnEarlierCommand) {
  const auto result = run_against([](std::uint64_t id) {
    return format_header("done", {.id = id + 1, .number = 9, .length = 3}) + "old" +
           format_header("done", {.id = id, .number = 0, .length = 0});
  });
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok());
}

TEST_F(CommandChannelTest, FailsAtTheDeadline) {
  EXPECT_FALSE(run_against([](std::uint64_t) { return std::string(); }));
  EXPECT_FALSE(run_against([](std::uint64_t id) {
    return format_header("done", {.id = id, .number = 0, .length = 10}) + "short";
  }));
}

TEST_F(CommandChannelTest, RefusesAnAnswerBeyondTheBounds) {
  EXPECT_FALSE(run_against([](std::uint64_t id) {
    return format_header("done", {.id = id, .number = 0, .length = max_output + 1});
  }));
  EXPECT_FALSE(run_against([](std::uint64_t) { return std::string(4 * max_header, 'x'); }));
}

TEST_F(CommandChannelTest, RefusesACommandThatIsTooLong) {
  auto pair = base::io::stream_pair();
  ASSERT_TRUE(pair);
  CommandChannel channel(LineSocket(std::move(pair->first)));
  EXPECT_FALSE(channel.run(std::string(max_command + 1, 'x'), milliseconds(1), milliseconds(1)));
}

}  // namespace
}  // namespace rig
