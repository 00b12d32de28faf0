// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/replug.hpp"

#include <gtest/gtest.h>

namespace dom0 {
namespace {

using namespace std::chrono_literals;
using State = Replug::State;
using Step = Replug::Step;
using Port = Replug::Port;

const Replug::Place stick_port{"sys-usb", "2-1"};

sysusb::DeviceRecord phone() {
  return {.port_id = "2-1",
          .bus = 2,
          .device = 7,
          .speed = sysusb::Speed::high,
          .vendor_id = 0x18d1,
          .product_id = 0x4ee1,
          .device_version = 0x0440,
          .usb_version = 0x0200,
          .manufacturer = "Google",
          .product = "Pixel",
          .serial = "8A4",
          .interfaces = {{6, 1, 1}},
          .descriptors_hash = std::string(sysusb::descriptors_hash_size, 'h')};
}

Departed departed(Departure how = Departure::left) {
  return {.frontend = "work",
          .backend = "sys-usb",
          .device = Device(phone()),
          .approver = "prompt",
          .how = how};
}

class ReplugTest : public testing::Test {
 protected:
  const Replug::Entry* entry() const {
    const auto found = replug_.all().find(stick_port);
    return found == replug_.all().end() ? nullptr : &found->second;
  }
  // Back in its port, and let through.
  void attach_again() {
    ASSERT_TRUE(replug_.arrived(stick_port, now_));
    now_ = replug_.next();
    ASSERT_EQ(replug_.due(now_).size(), 1U);
    replug_.attached(stick_port, now_);
  }

  Replug replug_{ReplugPace{}};
  Replug::Time now_ = 100s;
};

TEST_F(ReplugTest, OneThatComesBackIsJudgedOnceItHasKeptStill) {
  EXPECT_EQ(replug_.departed(departed(), Port::empty, now_), Step::held);
  EXPECT_EQ(replug_.held(stick_port)->last, departed());
  EXPECT_EQ(replug_.next(), now_ + 10s);
  EXPECT_TRUE(replug_.arrived(stick_port, now_ + 3s));
  EXPECT_TRUE(replug_.due(now_ + 3999ms).empty());
  const auto due = replug_.due(now_ + 4s);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].step, Step::judge);
  EXPECT_EQ(due[0].entry.last, departed());
  EXPECT_EQ(entry()->state, State::attaching);
  EXPECT_EQ(replug_.next(), Replug::Time::max());
  replug_.attached(stick_port, now_ + 5s);
  EXPECT_EQ(replug_.held(stick_port), nullptr);
  EXPECT_TRUE(replug_.due(now_ + 65s).empty());
  EXPECT_EQ(entry(), nullptr) << "it has been steady";
}

TEST_F(ReplugTest, OneThatStaysAwayIsHeldNoLonger) {
  replug_.departed(departed(), Port::empty, now_);
  EXPECT_TRUE(replug_.due(now_ + 9999ms).empty());
  const auto due = replug_.due(now_ + 10s);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].step, Step::expired);
  EXPECT_EQ(entry(), nullptr);
  EXPECT_FALSE(replug_.arrived(stick_port, now_ + 11s));
}

TEST_F(ReplugTest, TimeCountsEvenIfNobodyLookedMeanwhile) {
  replug_.departed(departed(), Port::empty, now_);
  EXPECT_FALSE(replug_.arrived(stick_port, now_ + 8h)) << "a night's sleep";
  EXPECT_EQ(entry(), nullptr);
}

TEST_F(ReplugTest, NothingIsHeldUntilBothSidesSayThatItLeft) {
  EXPECT_EQ(replug_.departed(departed(), Port::untold, now_), Step::nothing);
  EXPECT_EQ(entry()->state, State::unconfirmed);
  EXPECT_TRUE(replug_.due(now_ + 2s).empty()) << "and nobody is told of it";
  EXPECT_EQ(entry(), nullptr);

  replug_.departed(departed(), Port::untold, now_);
  EXPECT_EQ(replug_.gone(stick_port, now_ + 1s), Step::held);
  EXPECT_EQ(entry()->until, now_ + 11s);
}

TEST_F(ReplugTest, OneThatIsBackAlreadyHasToKeepStillToo) {
  EXPECT_EQ(replug_.departed(departed(), Port::taken, now_), Step::settling);
  EXPECT_TRUE(replug_.due(now_ + 999ms).empty());
  EXPECT_EQ(replug_.due(now_ + 1s).size(), 1U);
}

TEST_F(ReplugTest, EachReturnWaitsLongerAndTheFourthDepartureIsTheLast) {
  for (const auto wait : {1s, 2s, 4s}) {
    EXPECT_EQ(replug_.departed(departed(), Port::empty, now_), Step::held);
    EXPECT_TRUE(replug_.arrived(stick_port, now_));
    EXPECT_EQ(replug_.next(), now_ + wait);
    now_ += wait;
    ASSERT_EQ(replug_.due(now_).size(), 1U);
    replug_.attached(stick_port, now_);
    now_ += 5s;
  }
  EXPECT_EQ(replug_.departed(departed(), Port::empty, now_), Step::given_up);
  EXPECT_EQ(replug_.held(stick_port), nullptr);
  EXPECT_TRUE(replug_.arrived(stick_port, now_ + 1s)) << "nobody else attaches it by itself either";
  EXPECT_TRUE(replug_.due(now_ + 60s).empty()) << "it moved a second later";
  EXPECT_NE(entry(), nullptr);
  EXPECT_TRUE(replug_.due(now_ + 61s).empty());
  EXPECT_EQ(entry(), nullptr);
}

TEST_F(ReplugTest, TenTimesInFiveSecondsIsNeverAttached) {
  EXPECT_EQ(replug_.departed(departed(), Port::empty, now_), Step::held);
  int given_up = 0;
  for (int i = 0; i < 10; ++i, now_ += 500ms) {
    EXPECT_TRUE(replug_.arrived(stick_port, now_));
    EXPECT_TRUE(replug_.due(now_ + 250ms).empty());
    if (replug_.gone(stick_port, now_ + 250ms) == Step::given_up) ++given_up;
  }
  EXPECT_EQ(given_up, 1);
  EXPECT_TRUE(replug_.arrived(stick_port, now_));
  EXPECT_TRUE(replug_.due(now_ + 59s).empty());
}

TEST_F(ReplugTest, WhatWasSteadyForAMinuteStartsAnew) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(replug_.departed(departed(), Port::empty, now_), Step::held) << i;
    attach_again();
    now_ += 60s;
    EXPECT_TRUE(replug_.due(now_).empty());
  }
}

TEST_F(ReplugTest, ComingBackBeforeItsEndIsToldDoesNotForgetTheTries) {
  replug_.departed(departed(), Port::empty, now_);
  attach_again();
  EXPECT_EQ(replug_.gone(stick_port, now_), Step::nothing);
  EXPECT_TRUE(replug_.arrived(stick_port, now_));
  EXPECT_EQ(replug_.departed(departed(), Port::taken, now_), Step::settling);
  EXPECT_EQ(entry()->departures, 2U);
}

TEST_F(ReplugTest, AFailureIsTriedAgainAndARefusalIsNot) {
  replug_.departed(departed(), Port::taken, now_);
  for (int i = 0; i < 2; ++i) {
    now_ = replug_.next();
    ASSERT_EQ(replug_.due(now_).size(), 1U);
    EXPECT_EQ(replug_.not_attached(stick_port, Replug::Failure::failed, Port::taken, now_),
              Step::settling);
  }
  now_ = replug_.next();
  ASSERT_EQ(replug_.due(now_).size(), 1U);
  EXPECT_EQ(replug_.not_attached(stick_port, Replug::Failure::failed, Port::empty, now_),
            Step::given_up);

  Replug other{ReplugPace{}};
  other.departed(departed(), Port::taken, now_);
  ASSERT_EQ(other.due(now_ + 1s).size(), 1U);
  other.not_attached(stick_port, Replug::Failure::refused, Port::taken, now_ + 1s);
  EXPECT_TRUE(other.all().empty());
}

TEST_F(ReplugTest, WhatSomebodyEndsStaysEnded) {
  replug_.departed(departed(), Port::empty, now_);
  EXPECT_TRUE(replug_.forget(stick_port).has_value());
  EXPECT_FALSE(replug_.arrived(stick_port, now_));

  replug_.departed(departed(), Port::taken, now_);
  ASSERT_EQ(replug_.due(now_ + 1s).size(), 1U);
  EXPECT_TRUE(replug_.forget(stick_port).has_value()) << "while it is being attached";
  replug_.attached(stick_port, now_ + 2s);
  EXPECT_EQ(entry(), nullptr);

  for (const char* gone : {"work", "sys-usb"}) {
    replug_.departed(departed(), Port::empty, now_);
    EXPECT_TRUE(replug_.forget_qube("vault").empty());
    EXPECT_EQ(replug_.forget_qube(gone).size(), 1U);
    EXPECT_TRUE(replug_.all().empty());
  }
}

TEST_F(ReplugTest, NothingIsHeldWhereItIsOffOrOver) {
  Replug off{{.hold = 0ms}};
  EXPECT_EQ(off.departed(departed(), Port::empty, now_), Step::nothing);
  EXPECT_TRUE(off.all().empty());
  EXPECT_EQ(replug_.departed(departed(Departure::none), Port::empty, now_), Step::nothing);
  EXPECT_TRUE(replug_.all().empty());
}

TEST_F(ReplugTest, NoMoreIsHeldThanThereIsPlaceFor) {
  Departed last = departed();
  for (std::size_t i = 0; i < Replug::max_entries + 5; ++i) {
    sysusb::DeviceRecord record = phone();
    record.port_id = "2-1." + std::to_string(i + 1);
    last.device = Device(record);
    replug_.departed(last, Port::empty, now_);
  }
  EXPECT_EQ(replug_.all().size(), Replug::max_entries);
}

TEST(SameDevice, IsSameInAllThatItSaysOfItself) {
  const Departed before = departed();
  sysusb::DeviceRecord now = phone();
  now.device = 9;  // as after each enumeration
  EXPECT_TRUE(is_same_device(before, Device(now)));
  const auto differs = [&before](auto change) {
    sysusb::DeviceRecord other = phone();
    change(other);
    return !is_same_device(before, Device(other));
  };
  EXPECT_TRUE(differs([](auto& it) { it.interfaces = {{3, 1, 1}}; }));
  EXPECT_TRUE(differs([](auto& it) { it.interfaces.push_back({3, 1, 1}); }));
  EXPECT_TRUE(differs([](auto& it) { it.product_id = 0x4ee2; }));
  EXPECT_TRUE(differs([](auto& it) { it.serial = "8A5"; }));
  EXPECT_TRUE(differs([](auto& it) { it.serial = "8A4\x01"; }));
  EXPECT_TRUE(differs([](auto& it) { it.product = "pixel"; }));
  EXPECT_TRUE(differs([](auto& it) { it.descriptors_hash.back() = 'x'; }));
  EXPECT_TRUE(differs([](auto& it) { it.port_id = "2-2"; }));
}

TEST(SameDevice, IsNotToldWithoutSerialNumberOrHashOrAfterAReset) {
  for (int which = 0; which < 2; ++which) {
    sysusb::DeviceRecord record = phone();
    (which == 0 ? record.serial : record.descriptors_hash).clear();
    Departed before = departed();
    before.device = Device(record);
    EXPECT_FALSE(is_same_device(before, Device(record))) << which;
  }
  EXPECT_FALSE(is_same_device(departed(Departure::changed), Device(phone())));
}

}  // namespace
}  // namespace dom0
