// SPDX-License-Identifier: GPL-2.0-or-later
// InjectionDetector: what it makes of every payload and every person of the corpus.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/base/typing/machine.hpp"
#include "tests/base/typing/typing_traces.hpp"
#include "tests/base/typing/typist.hpp"

namespace base::typing {
namespace {

using traces::Kind;

void expect_found(Kind kind, std::size_t at_most) {
  for (const auto& trace : traces::payload_traces()) {
    if (trace.kind != kind) continue;
    const auto outcome = traces::replay(trace);
    EXPECT_TRUE(outcome.found) << trace.name;
    EXPECT_LE(outcome.presses_seen, at_most) << trace.name << ": " << outcome.reason;
  }
}

TEST(Injection, StopsEveryFastPayloadWithinFivePresses) { expect_found(Kind::fast, 5); }
TEST(Injection, StopsEveryConstantDelay) { expect_found(Kind::slow, 26); }
TEST(Injection, StopsEveryJitterOfAMachine) { expect_found(Kind::jittered, 48); }

// Without one of them its payload would be found by another later, or not at all.
TEST(Injection, EachRuleFindsItsOwn) {
  const std::map<std::string, std::string> rules{
      {"overlapping_25ms", "presses faster than fingers"},
      {"ducky_jitter_200", "keys held shorter than a finger can"},
      {"constant_1s", "intervals and holds of a timer"},
      {"constant_interval", "intervals of a timer"},
      {"uniform_constant_hold", "holds of a timer"},
      {"gaussian_constant_hold", "holds of a timer behind polling"},
      {"light_holds", "holds lighter than a finger's"},
      {"lumps", "keys in lumps"},
      {"constant_150ms_polled_10ms", "intervals without variance"},
      {"small_deviation_of_holds", "holds without variance"},
      {"lognormal_serial_70", "fast typing without rollover"},
      {"constant_gap", "even typing without rollover"},
  };
  std::set<std::string> met;
  for (const auto& trace : traces::payload_traces()) {
    const auto rule = rules.find(trace.name);
    if (rule == rules.end()) continue;
    EXPECT_EQ(traces::replay(trace).reason, rule->second) << trace.name;
    met.insert(trace.name);
  }
  EXPECT_EQ(met.size(), rules.size());
}

// Not only the payloads somebody thought of: every interval up to 25 ms, every hold, every polling.
TEST(Injection, StopsEveryFastTimingWithinFivePresses) {
  std::uint64_t seed = 1;
  for (const double poll : {0.125, 1.0, 2.0, 4.0, 8.0, 10.0}) {
    for (double interval = 0.25; interval <= 25; interval += 0.75) {
      for (const double share : {0.05, 0.3, 0.5, 0.9, 1.0, 1.5, 4.0, 8.0}) {
        traces::Machine machine{.name = "swept", .source = "swept", .poll = poll};
        machine.hold = traces::constant(interval * share);
        machine.interval = traces::constant(interval);
        machine.start = seed % 2 == 0 ? 100 : 2500;
        const auto outcome = traces::replay(traces::play(machine, ++seed));
        ASSERT_TRUE(outcome.found) << poll << " " << interval << " " << share;
        ASSERT_LE(outcome.presses_seen, 5U) << poll << " " << interval << " " << share;
      }
    }
  }
}

// Holds like a person's hide neither the burst nor the two presses of GUI r half a second before.
TEST(Injection, HumanHoldsDoNotHideTheChordBeforeABurst) {
  for (double interval = 1; interval <= 25; interval += 2) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      traces::Machine machine{.name = "swept", .source = "swept"};
      machine.hold = traces::gaussian(90, 15);
      machine.interval = traces::constant(interval);
      const auto outcome = traces::replay(traces::play(machine, seed));
      ASSERT_TRUE(outcome.found) << interval;
      ASSERT_LE(outcome.presses_seen, 5U) << interval << " " << seed;
    }
  }
}

TEST(Injection, StopsNoPerson) {
  for (const auto& trace : traces::human_traces()) {
    ASSERT_EQ(trace.kind, Kind::human) << trace.name;
    const auto outcome = traces::replay(trace);
    EXPECT_FALSE(outcome.found) << trace.name << " after " << outcome.presses_seen << ": "
                                << outcome.reason;
  }
}

// Other seeds. Those stopped are the fastest: 212 words a minute three times, and once 150 with the
// limits of a device just plugged in; six of their keys within an eighth of a second are no
// different from a payload. Exact, so that a change of any number is seen.
TEST(Injection, StopsFewOfOtherPeople) {
  std::size_t people = 0;
  std::multiset<std::string> stopped;
  const auto count = [&](const traces::Trace& trace) {
    ++people;
    if (traces::replay(trace).found) stopped.insert(trace.name);
  };
  for (std::uint64_t seed = 1000; seed < 1040; ++seed) {
    for (const auto& typist : traces::typists()) count(traces::type(typist, seed));
    for (const auto& scene : traces::scenes(seed)) count(scene);
  }
  EXPECT_GE(people, 2000U);
  std::string names;
  for (const auto& name : stopped) names += name + " ";
  EXPECT_EQ(stopped.size(), 4U) << names;
}

TEST(Injection, MeasuresWhatTheCorpusHolds) {
  const auto rates = traces::measure_injection();
  std::set<std::string> payloads;
  std::set<std::string> people;
  for (const auto& trace : traces::payload_traces()) payloads.insert(trace.name);
  for (const auto& trace : traces::human_traces()) people.insert(trace.name);
  EXPECT_GE(payloads.size(), 36U);
  EXPECT_GE(people.size(), 36U);
  EXPECT_EQ(rates.payloads, traces::payload_traces().size());
  EXPECT_EQ(rates.humans, traces::human_traces().size());
  EXPECT_EQ(rates.false_alarms, 0U);
  EXPECT_EQ(rates.worst_fast_presses, 5U);
  for (const Kind kind : {Kind::fast, Kind::slow, Kind::jittered})
    EXPECT_EQ(rates.of(kind).detected, rates.of(kind).traces) << traces::name_of(kind);
  // A payload that copies a person well is not told apart, and nothing here claims it.
  EXPECT_EQ(rates.of(Kind::human_like).traces, 30U);
  EXPECT_GE(rates.of(Kind::human_like).detected, 9U);
}

// That the people of the corpus are like those of the papers, else the test above says nothing.
struct Habits {
  double interval = 0;  // ms, pauses left out
  double hold = 0;      // ms
  double rollover = 0;  // share of strokes
};

Habits habits_of(const traces::Trace& trace) {
  std::map<std::uint16_t, std::chrono::nanoseconds> down;
  std::chrono::nanoseconds last{-1};
  Habits sum;
  double strokes = 0;
  double intervals = 0;
  for (const auto& event : trace.events) {
    const bool shift = event.code == 42 || event.code == 54;
    if (event.value == 2 || shift) continue;
    const auto ms = [](auto t) { return std::chrono::duration<double, std::milli>(t).count(); };
    if (event.value == 0) {
      sum.hold += ms(event.at - down[event.code]);
      down.erase(event.code);
      continue;
    }
    ++strokes;
    if (!down.empty()) ++sum.rollover;
    if (last.count() >= 0 && ms(event.at - last) < 1000) {
      sum.interval += ms(event.at - last);
      ++intervals;
    }
    last = event.at;
    down[event.code] = event.at;
  }
  return {sum.interval / intervals, sum.hold / strokes, sum.rollover / strokes};
}

TEST(TypingTraces, PeopleAreLikeThoseOfThePapers) {
  for (const auto& trace : traces::human_traces()) {
    const Habits habits = habits_of(trace);
    SCOPED_TRACE(trace.name);
    if (trace.name == "mean") {  // Dhakal 2018
      EXPECT_NEAR(habits.interval, 239, 40);
      EXPECT_NEAR(habits.hold, 116, 12);
    } else if (trace.name == "fast_121ms") {  // 40 to 70 % rollover
      EXPECT_NEAR(habits.interval, 121, 20);
      EXPECT_GE(habits.rollover, 0.35);
      EXPECT_LE(habits.rollover, 0.7);
    } else if (trace.name == "wpm_212") {
      EXPECT_NEAR(habits.interval, 12000.0 / 212, 8);
    }
  }
}

TEST(TypingTraces, AreTheSameEachTimeAndInOrder) {
  const auto first = traces::human_traces();
  const auto second = traces::human_traces();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].events.size(), second[i].events.size());
    for (std::size_t k = 0; k < first[i].events.size(); ++k) {
      ASSERT_EQ(first[i].events[k].at, second[i].events[k].at);
      if (k > 0) {
        ASSERT_LE(first[i].events[k - 1].at, first[i].events[k].at);
      }
    }
    EXPECT_FALSE(first[i].source.empty());
  }
}

}  // namespace
}  // namespace base::typing
