// SPDX-License-Identifier: GPL-2.0-or-later
// Replays the cases recorded from Qubes' own evaluator (tests/data/policy) through
// `sallyport policy eval --batch` and compares every key of every answer.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "policy/io/tool.hpp"
#include "tests/places.hpp"

namespace {

namespace json = boost::json;

const std::string data_dir = places::source() + "/tests/data/policy/";
// There `deny` of @adminvm leaves dom0 on the list of a later ask, although both are one.
constexpr std::string_view mended = "ask: @adminvm deny vs wildcard ask (dom0)";

std::vector<json::object> read_lines(std::istream& in) {
  std::vector<json::object> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(json::parse(line).as_object());
  }
  return lines;
}

std::vector<json::object> decide(const std::string& stem) {
  std::ifstream in(data_dir + stem + ".jsonl");
  std::stringstream out;
  std::stringstream errors;
  EXPECT_EQ(policy::io::run_policy_tool(
                {"eval", "--batch", "--system-info", data_dir + "system_info.json"},
                base::io::Paths("/nowhere"), in, out, errors),
            0)
      << errors.str();
  return read_lines(out);
}

std::string text_of(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

void compare(const json::object& ours, const json::object& theirs) {
  if (text_of(theirs, "decision") == "error" && text_of(theirs, "kind").starts_with("crash:")) {
    EXPECT_EQ(text_of(ours, "decision"), "deny");
    EXPECT_NE(text_of(ours, "message"), "");
    return;
  }
  for (const auto& [key, value] : theirs) {
    // A set is printed in some of them, in no order.
    if (key == "warnings") continue;
    ASSERT_TRUE(ours.contains(key)) << key;
    EXPECT_EQ(ours.at(key), value) << key;
  }
  EXPECT_EQ(ours.contains("warnings"), theirs.contains("warnings"));
}

std::size_t compare_all(const std::string& stem) {
  std::ifstream asked(data_dir + stem + ".jsonl");
  std::ifstream answered(data_dir + stem + ".expected.jsonl");
  const auto cases = read_lines(asked);
  const auto theirs = read_lines(answered);
  const auto ours = decide(stem);
  EXPECT_EQ(cases.size(), theirs.size());
  EXPECT_EQ(cases.size(), ours.size());
  std::size_t compared = 0;
  for (std::size_t i = 0; i < std::min({cases.size(), theirs.size(), ours.size()}); ++i) {
    SCOPED_TRACE(json::serialize(cases[i]) + "\n" + json::serialize(ours[i]));
    if (text_of(cases[i], "name") == mended) {
      EXPECT_EQ(ours[i].at("targets_for_ask"),
                (json::array{"@dispvm:default-dvm", "default-dvm", "sys-usb", "vault"}));
      continue;
    }
    compare(ours[i], theirs[i]);
    ++compared;
  }
  return compared;
}

TEST(PolicyVectors, NamedCasesAgree) { EXPECT_EQ(compare_all("named"), 133U); }
TEST(PolicyVectors, RandomCasesAgree) { EXPECT_EQ(compare_all("random"), 600U); }

}  // namespace
