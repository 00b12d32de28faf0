// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/signed_list.hpp"

#include <gtest/gtest.h>

namespace tests {
namespace {

using namespace scannerqube::release;

class SignedList : public testing::Test {
 protected:
  std::string why_not(std::string_view text, std::string_view report = "the report") const {
    const auto list = open_list(pair_.public_key(), report, text);
    return list ? std::string() : list.error().text;
  }
  const base::sign::KeyPair pair_ = base::sign::KeyPair::generate();
  const std::string text_ = sign_list(pair_, "the report", "the list");
};

TEST_F(SignedList, GivesTheListBack) {
  const auto list = open_list(pair_.public_key(), "the report", text_);
  ASSERT_TRUE(list) << list.error().text;
  EXPECT_EQ(*list, "the list");
  EXPECT_EQ(text_.size(), signed_list_head + 8);
  const std::string none = sign_list(pair_, "r", "");
  const auto empty = open_list(pair_.public_key(), "r", none);
  ASSERT_TRUE(empty);
  EXPECT_EQ(*empty, "");
}

TEST_F(SignedList, IsOfOneReportAndOneSigner) {
  EXPECT_NE(why_not(text_, "another report").find("not that of this report"), std::string::npos);
  const auto other = base::sign::KeyPair::generate();
  EXPECT_FALSE(open_list(other.public_key(), "the report", text_));
  // The same words, signed for another purpose.
  const std::string line = text_.substr(0, text_.find('\n'));
  const std::string stolen =
      line + "\n" + pair_.sign(base::sign::Purpose::scan_statement, line).hex() + "\nthe list";
  EXPECT_NE(why_not(stolen).find("is not signed"), std::string::npos);
}

TEST_F(SignedList, RejectsEveryShorterInputAndEveryChange) {
  for (std::size_t size = 0; size < text_.size(); ++size) {
    EXPECT_NE(why_not(text_.substr(0, size)), "") << size;
  }
  EXPECT_NE(why_not(text_ + "x"), "");
  for (std::size_t at = 0; at < text_.size(); ++at) {
    std::string changed = text_;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_NE(why_not(changed), "") << at;
  }
}

}  // namespace
}  // namespace tests
