// SPDX-License-Identifier: GPL-2.0-or-later
// The index changes no decision: compared with a walk over all rules, over policies made by chance.
#include "policy/ruleset_index.hpp"

#include <gtest/gtest.h>

#include <random>

#include "policy/ruleset.hpp"

namespace policy {
namespace {

class RulesetIndexTest : public testing::Test {
 protected:
  RulesetIndexTest() {
    for (int i = 0; i < 12; ++i) {
      system_.add({.name = "q" + std::to_string(i),
                   .type = i % 2 == 0 ? "AppVM" : "DispVM",
                   .tags = {"t" + std::to_string(i % 3)},
                   .uuid = i % 4 == 0 ? "uuid-" + std::to_string(i) : ""});
    }
  }

  std::string one_of(const std::vector<std::string>& words) {
    return words[random_() % words.size()];
  }
  std::string policy(std::size_t rules) {
    std::string text;
    for (std::size_t i = 0; i < rules; ++i) {
      const std::string service = one_of({"a", "b", "c", "*"});
      text += service + " " + (service == "*" ? "*" : one_of({"*", "+", "+x", "+y"})) + " " +
              one_of({"*", "@anyvm", "q1", "q4", "q5", "stranger", "uuid:uuid-4", "@tag:t1",
                      "@type:DispVM", "dom0"}) +
              " * deny\n";
    }
    return text;
  }

  SystemInfo system_;
  std::mt19937 random_{7};
};

TEST_F(RulesetIndexTest, FindsWhatAWalkOverAllFindsInBothDirections) {
  for (int round = 0; round < 40; ++round) {
    const auto rules = parse_policy({{"f", policy(round < 20 ? 30 : 1000)}});
    ASSERT_TRUE(rules.has_value()) << rules.error().text;
    for (int asked = 0; asked < 50; ++asked) {
      const Request request{.source = one_of({"q1", "q4", "q5", "q7", "stranger", "dom0"}),
                            .target = "q2",
                            .service = one_of({"a", "b", "c", "d"}),
                            .argument = one_of({"+", "+x", "+y", "+z"})};
      const QubeFacts* source = system_.find(request.source);
      const auto matching = [&](std::size_t place) {
        return rules->rules()[place].matches_call(system_, request, source);
      };
      std::vector<RulesetIndex::Place> all;
      for (std::size_t i = 0; i < rules->rules().size(); ++i) {
        if (matching(i)) all.push_back(static_cast<RulesetIndex::Place>(i));
      }
      std::vector<RulesetIndex::Place> forwards;
      std::vector<RulesetIndex::Place> backwards;
      RulesetIndex::Place place = 0;
      for (auto walk = rules->index().walk(request, source); walk.next(place);) {
        if (matching(place)) forwards.push_back(place);
      }
      for (auto walk = rules->index().walk(request, source); walk.previous(place);) {
        if (matching(place)) backwards.insert(backwards.begin(), place);
      }
      ASSERT_EQ(forwards, all);
      ASSERT_EQ(backwards, all);
    }
  }
}

}  // namespace
}  // namespace policy
