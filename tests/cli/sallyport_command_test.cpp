// SPDX-License-Identifier: GPL-2.0-or-later
// The program `sallyport` without a daemon: which calls it makes, and what it shows of the answers.
#include "cli/sallyport_command.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

class SallyportCommandTest : public testing::Test {
 protected:
  Outcome run(const Words& words) {
    calls_.clear();
    const Admin admin = [this](const AdminCall& call) {
      calls_.push_back(call.method + "+" + call.argument + " " + call.target + " " + call.payload);
      return answer_;
    };
    return run_sallyport(words, admin, 80);
  }

  AdminAnswer answer_ = std::string("{}");
  std::vector<std::string> calls_;
};

TEST_F(SallyportCommandTest, RunCallsTheService) {
  answer_ = std::string("hello\n");
  EXPECT_EQ(run({"run", "work", "test.Echo+x"}), (Outcome{.code = 0, .out = "hello\n", .err = ""}));
  EXPECT_EQ(calls_, std::vector<std::string>{"sallyport.Run+test.Echo+x work "});
  run({"run", "--input", "a b", "work", "test.Echo"});
  EXPECT_EQ(calls_, std::vector<std::string>{"sallyport.Run+test.Echo work a b\n"});
}

TEST_F(SallyportCommandTest, RunShowsNoControlCharactersUnlessAsked) {
  answer_ = std::string("a\x1b[2J\tb\xe2\x80\xae\n");
  EXPECT_EQ(run({"run", "work", "x"}).out, "a\\x1b[2J\tb\\xe2\\x80\\xae\n");
  EXPECT_EQ(run({"run", "--raw", "work", "x"}).out, "a\x1b[2J\tb\xe2\x80\xae\n");
}

TEST_F(SallyportCommandTest, SaysWhyItFails) {
  answer_ = base::Unexpected<AdminFailure>{
      AdminFailure{.kind = AdminFailure::Kind::refused, .type = "QubesException", .text = "no"}};
  for (const Words& words : {Words{"status"}, Words{"run", "work", "x"}}) {
    EXPECT_EQ(run(words), (Outcome{.code = 1, .out = "", .err = "sallyport: error: no\n"}));
  }
}

TEST_F(SallyportCommandTest, RefusesWrongUsage) {
  for (const Words& words : {Words{}, Words{"frob"}, Words{"status", "x"}, Words{"status", "-x"},
                             Words{"run", "work"}, Words{"run", "work", "x", "y"}, Words{"-x"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.err.starts_with("usage: sallyport")) << outcome.err;
    EXPECT_TRUE(calls_.empty());
  }
}

}  // namespace
}  // namespace cli
