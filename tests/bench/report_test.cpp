// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/report.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace bench {
namespace {

const Report example{
    .group = "usb",
    .machine = "a \"quoted\" processor",
    .results = {{"ratio", 1.25, "x", Better::higher}, {"time", 0.5, "s", Better::lower}}};

TEST(Median, IsTheMiddle) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({7}), 7);
}

TEST(Median, OfNothingIsZero) { EXPECT_EQ(median({}), 0); }

TEST(ReportJson, HasEveryField) {
  const auto parsed = boost::json::parse(json(example));
  EXPECT_EQ(parsed.at("group"), "usb");
  EXPECT_EQ(parsed.at("machine"), "a \"quoted\" processor");
  const auto& results = parsed.at("results").as_array();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].at("name"), "ratio");
  EXPECT_EQ(results[0].at("value").as_double(), 1.25);
  EXPECT_EQ(results[0].at("unit"), "x");
  EXPECT_EQ(results[0].at("better"), "higher");
  EXPECT_EQ(results[1].at("better"), "lower");
}

TEST(ReportTable, HasALineForEachValueAndTheMachine) {
  const std::string text = table(example);
  EXPECT_NE(text.find("ratio "), std::string::npos);
  EXPECT_NE(text.find("1.250  x"), std::string::npos);
  EXPECT_NE(text.find("lower\n"), std::string::npos);
  EXPECT_NE(text.find("machine: a \"quoted\" processor\n"), std::string::npos);
}

}  // namespace
}  // namespace bench
