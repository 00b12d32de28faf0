// SPDX-License-Identifier: GPL-2.0-or-later
// The deny list: reading it, comparing with it, and `sallyport deny`.
#include "cli/deny_list.hpp"

#include <gtest/gtest.h>

#include "cli/sallyport_command.hpp"

namespace cli {
namespace {

TEST(DenyList, IsReadInEveryForm) {
  const InterfacePatterns two{"u0e****", "*******"};
  EXPECT_EQ(*parse_denied("u0e****\n*******\n"), two);
  EXPECT_EQ(*parse_denied("u0E***********"), two);
  EXPECT_TRUE(parse_denied("")->empty());
  for (const char* text : {"u0e", "u0e****u", "x0e****", "u0g****", "u0e****\x1b", "u0e***\n"}) {
    EXPECT_FALSE(parse_denied(text).has_value()) << text;
  }
}

TEST(DenyList, EveryShorterOneIsRefusedUnlessItEndsWithAPattern) {
  const std::string text = "u0e****\nu0301**\nb******";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const bool whole = size == 0 || size == 7 || size == 8 || size == 15 || size == 16;
    EXPECT_EQ(parse_denied(std::string_view(text).substr(0, size)).has_value(), whole) << size;
  }
}

TEST(DenyList, HasAnEnd) {
  std::string text;
  for (std::size_t i = 0; i < max_denied; ++i) text += "u0e****";
  EXPECT_TRUE(parse_denied(text).has_value());
  EXPECT_FALSE(parse_denied(text + "u0e****").has_value());
}

TEST(DenyList, MatchesWhateverTheCase) {
  EXPECT_TRUE(is_denied({"u0e****"}, {"u080650", "u0E0100"}));
  EXPECT_TRUE(is_denied({"*******"}, {"b000000"}));
  EXPECT_FALSE(is_denied({"u0e****"}, {"u080650"}));
  EXPECT_FALSE(is_denied({}, {"u080650"}));
}

TEST(InterfacePattern, MayBeCut) {
  EXPECT_EQ(*parse_pattern("u0E"), "u0e****");
  EXPECT_EQ(*parse_pattern("*"), "*******");
  EXPECT_EQ(*parse_pattern("u03**01"), "u03**01");
  for (const char* text : {"", "0e", "u0e01000", "u0x", "camera"}) {
    EXPECT_FALSE(parse_pattern(text).has_value()) << text;
  }
}

class DenyCommandTest : public testing::Test {
 protected:
  Outcome run(const Words& words) {
    calls_.clear();
    const Admin admin = [this](const AdminCall& call) {
      calls_.push_back(call.method + "+" + call.argument + " " + call.target + " " + call.payload);
      return answer_;
    };
    return run_sallyport(words, admin, 80);
  }
  AdminAnswer answer_ = std::string();
  std::vector<std::string> calls_;
};

TEST_F(DenyCommandTest, ListsWithCategories) {
  answer_ = std::string("u0e****\nu0301**\n");
  EXPECT_EQ(run({"deny", "list", "work"}).out, "u0e****  Camera\nu0301**  Input\n");
  EXPECT_EQ(calls_, std::vector<std::string>{"admin.vm.device.denied.List+ work "});
  answer_ = std::string("garbage");
  EXPECT_EQ(run({"deny", "list", "work"}).code, 1);
}

TEST_F(DenyCommandTest, AddsAndRemoves) {
  EXPECT_EQ(run({"deny", "add", "work", "u0e", "u08****"}), (Outcome{}));
  EXPECT_EQ(calls_, std::vector<std::string>{"admin.vm.device.denied.Add+ work u0e****u08****"});
  EXPECT_EQ(run({"deny", "remove", "work", "u0e"}), (Outcome{}));
  EXPECT_EQ(calls_, std::vector<std::string>{"admin.vm.device.denied.Remove+ work u0e****"});
  EXPECT_EQ(run({"deny", "remove", "work", "all"}), (Outcome{}));
  EXPECT_EQ(calls_, std::vector<std::string>{"admin.vm.device.denied.Remove+ work all"});
}

TEST_F(DenyCommandTest, RefusesBeforeItAsks) {
  EXPECT_EQ(run({"deny", "add", "work", "u0e", "U0E****"}).err,
            "sallyport: error: u0e**** is given twice\n");
  EXPECT_EQ(run({"deny", "add", "work", "all"}).code, 1);
  for (const Words& words : {Words{"deny"}, Words{"deny", "frob"}, Words{"deny", "add", "work"},
                             Words{"deny", "list"}, Words{"deny", "list", "work", "x"}}) {
    EXPECT_EQ(run(words).code, 2);
  }
  EXPECT_TRUE(calls_.empty());
  for (const Words& words : {Words{"deny", "-h"}, Words{"deny", "add", "-h"}}) {
    EXPECT_EQ(run(words).code, 0);
  }
}

TEST_F(DenyCommandTest, SaysWhatTheDaemonRefuses) {
  answer_ = base::Unexpected<AdminFailure>{AdminFailure{
      .kind = AdminFailure::Kind::refused, .type = "X", .text = "Duplicated device interfaces"}};
  EXPECT_EQ(
      run({"deny", "add", "work", "u0e"}),
      (Outcome{.code = 1, .out = "", .err = "sallyport: error: Duplicated device interfaces\n"}));
}

}  // namespace
}  // namespace cli
