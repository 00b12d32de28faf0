// SPDX-License-Identifier: GPL-2.0-or-later
// A device whose borrower is gone goes back to the kernel's drivers: once, not too early, not for
// ever.
#include "agent/devices/loans.hpp"

#include <gtest/gtest.h>

#include <string>

namespace agent::devices {
namespace {

class LoansTest : public testing::Test {
 protected:
  GivenBack give_back(const std::filesystem::path& node) {
    tried_ += node.string() + " ";
    return held_ ? GivenBack::held : GivenBack::yes;
  }

  std::string tried_;
  bool held_ = false;
  Loans loans_{"/dev", [this](const std::filesystem::path& node) { return give_back(node); }};
  const Loans::Clock::time_point now_{};
  const Node stick_{.bus = 2, .device = 7};
};

TEST_F(LoansTest, ADeviceGoesBackWhenItsBorrowerIsGone) {
  loans_.lend(stick_);
  EXPECT_FALSE(loans_.turn(now_));
  EXPECT_EQ(tried_, "");
  loans_.end(stick_, now_);
  EXPECT_FALSE(loans_.turn(now_));
  EXPECT_EQ(tried_, "/dev/002/007 ");
  EXPECT_FALSE(loans_.turn(now_));
  EXPECT_EQ(tried_, "/dev/002/007 ");
}

TEST_F(LoansTest, ADyingBorrowerIsWaitedForButNotForEver) {
  held_ = true;
  loans_.lend(stick_);
  loans_.end(stick_, now_);
  EXPECT_TRUE(loans_.turn(now_));
  EXPECT_TRUE(loans_.turn(now_ + Loans::patience / 2));
  EXPECT_FALSE(loans_.turn(now_ + Loans::patience));
  EXPECT_EQ(tried_, "/dev/002/007 /dev/002/007 /dev/002/007 ");
}

TEST_F(LoansTest, ADeviceThatIsLentAgainIsLeftAlone) {
  loans_.lend(stick_);
  loans_.end(stick_, now_);
  loans_.lend(stick_);
  EXPECT_FALSE(loans_.turn(now_));
  loans_.lend(stick_);
  loans_.end(stick_, now_);
  EXPECT_FALSE(loans_.turn(now_));
  EXPECT_EQ(tried_, "");
  loans_.end(stick_, now_);
  loans_.turn(now_);
  EXPECT_EQ(tried_, "/dev/002/007 ");
}

TEST_F(LoansTest, WhatWasNotLentIsNotTouched) {
  loans_.end(stick_, now_);
  EXPECT_FALSE(loans_.turn(now_));
  EXPECT_EQ(tried_, "");
}

TEST_F(LoansTest, AreBounded) {
  for (std::size_t i = 0; i < Loans::max_loans; ++i) {
    EXPECT_FALSE(loans_.full());
    loans_.lend({.bus = 1, .device = static_cast<std::uint32_t>(i)});
  }
  EXPECT_TRUE(loans_.full());
}

TEST(BindDrivers, WhatIsNotThereOrNoUsbDeviceIsDone) {
  EXPECT_EQ(bind_drivers("/dev/bus/usb/none"), GivenBack::yes);
  EXPECT_EQ(bind_drivers("/dev/null"), GivenBack::yes);
}

}  // namespace
}  // namespace agent::devices
