// SPDX-License-Identifier: GPL-2.0-or-later
// Which keyboards need no digits, and what was stopped stays so.
#include "dom0/input_trust.hpp"

#include <gtest/gtest.h>

namespace dom0 {
namespace {

const InputIdentity keyboard{
    .backend = "sys-usb", .place = "usb-0000_00_05.0-2", .port = "2-2", .fingerprint = "abc"};

// Replays changes as the disk would have them at the next start.
InputTrust after_restart(const std::vector<InputTrust::Changes>& all) {
  std::vector<ProvenInput> proven;
  std::vector<StoppedInput> stopped;
  for (const auto& changes : all) {
    for (const auto& gone : changes.unproven) std::erase(proven, gone);
    for (const auto& gone : changes.released) std::erase(stopped, gone);
    proven.insert(proven.end(), changes.proven.begin(), changes.proven.end());
    stopped.insert(stopped.end(), changes.stopped.begin(), changes.stopped.end());
  }
  InputTrust trust;
  for (const auto& each : proven) trust.restore(each);
  for (const auto& each : stopped) trust.restore(each);
  return trust;
}

TEST(InputTrust, IsProvenWithTheseDescriptorsAtThisPortOnly) {
  InputTrust trust;
  EXPECT_FALSE(trust.proven(keyboard));
  trust.prove(keyboard, 100);
  EXPECT_TRUE(trust.proven(keyboard));
  for (const auto change : {+[](InputIdentity& one) { one.backend = "sys-usb-2"; },
                            +[](InputIdentity& one) { one.port = "2-3"; },
                            +[](InputIdentity& one) { one.fingerprint = "abd"; },
                            // A copy whose record dom0 cannot find.
                            +[](InputIdentity& one) { one.port = one.fingerprint = ""; }}) {
    InputIdentity other = keyboard;
    change(other);
    EXPECT_FALSE(trust.proven(other)) << other.backend << other.port << other.fingerprint;
  }
}

TEST(InputTrust, WithoutARecordNothingIsRemembered) {
  InputTrust trust;
  InputIdentity unknown = keyboard;
  unknown.port = unknown.fingerprint = "";
  trust.prove(unknown, 100);
  EXPECT_FALSE(trust.proven(unknown));
  EXPECT_TRUE(trust.take_changes().proven.empty());
}

TEST(InputTrust, StoppingTakesTheProofAway) {
  InputTrust trust;
  trust.prove(keyboard, 100);
  trust.stop(keyboard, "presses faster than fingers", 200);
  EXPECT_FALSE(trust.proven(keyboard));
  EXPECT_EQ(trust.stopped(keyboard), "presses faster than fingers");
  trust.release(keyboard);
  EXPECT_TRUE(trust.stopped(keyboard).empty());
  EXPECT_FALSE(trust.proven(keyboard)) << "a yes is no proof";
}

TEST(InputTrust, WhatWasStoppedIsToldByItsPlaceAndByItsDescriptors) {
  InputTrust trust;
  trust.stop(keyboard, "why", 200);
  InputIdentity moved = keyboard;
  moved.place = "usb-0000_00_05.0-3";
  moved.port = "2-3";
  EXPECT_EQ(trust.stopped(moved), "why");
  InputIdentity disguised = keyboard;
  disguised.fingerprint = "something else";
  EXPECT_EQ(trust.stopped(disguised), "why");
  InputIdentity unrecorded = keyboard;
  unrecorded.port = unrecorded.fingerprint = "";
  EXPECT_EQ(trust.stopped(unrecorded), "why");
  InputIdentity other = moved;
  other.fingerprint = "something else";
  EXPECT_TRUE(trust.stopped(other).empty());
  InputIdentity elsewhere = keyboard;
  elsewhere.backend = "sys-usb-2";
  EXPECT_TRUE(trust.stopped(elsewhere).empty());
}

TEST(InputTrust, TwoWithoutRecordsAreNotTheSame) {
  InputTrust trust;
  InputIdentity unrecorded = keyboard;
  unrecorded.port = unrecorded.fingerprint = "";
  trust.stop(unrecorded, "why", 200);
  InputIdentity other = unrecorded;
  other.place = "usb-0000_00_05.0-7";
  EXPECT_TRUE(trust.stopped(other).empty());
}

TEST(InputTrust, SurvivesARestart) {
  InputTrust trust;
  std::vector<InputTrust::Changes> disk;
  trust.prove(keyboard, 100);
  disk.push_back(trust.take_changes());
  EXPECT_TRUE(after_restart(disk).proven(keyboard));
  trust.stop(keyboard, "first", 200);
  disk.push_back(trust.take_changes());
  trust.stop(keyboard, "second", 300);
  disk.push_back(trust.take_changes());
  EXPECT_FALSE(after_restart(disk).proven(keyboard));
  EXPECT_EQ(after_restart(disk).stopped(keyboard), "second");
  trust.release(keyboard);
  disk.push_back(trust.take_changes());
  EXPECT_TRUE(after_restart(disk).stopped(keyboard).empty());
  const auto nothing = trust.take_changes();
  EXPECT_TRUE(nothing.released.empty() && nothing.stopped.empty());
}

TEST(InputTrust, IsBounded) {
  InputTrust trust;
  InputIdentity one = keyboard;
  for (std::size_t i = 0; i <= InputTrust::max_entries; ++i) {
    one.port = std::to_string(i);
    trust.prove(one, static_cast<std::int64_t>(i));
  }
  const auto changes = trust.take_changes();
  ASSERT_EQ(changes.unproven.size(), 1U);
  EXPECT_EQ(changes.unproven.front().port, "0") << "the oldest";
  EXPECT_TRUE(trust.proven(one));
}

}  // namespace
}  // namespace dom0
