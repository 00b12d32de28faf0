// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/device_history.hpp"

#include <gtest/gtest.h>

namespace dom0 {
namespace {

using Verdict = DeviceHistory::Verdict;

sysusb::DeviceRecord known_stick() {
  return {.port_id = "2-1",
          .bus = 2,
          .device = 7,
          .speed = sysusb::Speed::high,
          .vendor_id = 0x0951,
          .product_id = 0x1666,
          .device_version = 0x0110,
          .usb_version = 0x0200,
          .manufacturer = "Kingston",
          .product = "DT",
          .serial = "60A44C",
          .interfaces = {{8, 6, 80}}};
}

class DeviceHistoryTest : public testing::Test {
 protected:
  void plug(const sysusb::DeviceRecord& record, std::int64_t now) {
    history_.seen({.key = history_key(record, "sys-usb"),
                   .fingerprint = fingerprint_of(record),
                   .device_id = "id",
                   .description = "a stick"},
                  now);
  }
  void approve(const sysusb::DeviceRecord& record, std::int64_t now) {
    history_.approved(history_key(record, "sys-usb"), fingerprint_of(record), now);
  }
  DeviceHistory::Judgement judge(const sysusb::DeviceRecord& record) const {
    return history_.judge(history_key(record, "sys-usb"), fingerprint_of(record));
  }

  DeviceHistory history_;
};

TEST_F(DeviceHistoryTest, SeenIsNotKnown) {
  EXPECT_EQ(judge(known_stick()).verdict, Verdict::fresh);
  EXPECT_TRUE(judge(known_stick()).before.key.empty());
  plug(known_stick(), 100);
  plug(known_stick(), 200);
  EXPECT_EQ(judge(known_stick()).verdict, Verdict::fresh);
  EXPECT_EQ(judge(known_stick()).before.first_seen, 100);
  EXPECT_EQ(judge(known_stick()).before.last_seen, 200);
  approve(known_stick(), 300);
  EXPECT_EQ(judge(known_stick()).verdict, Verdict::known);
  EXPECT_EQ(judge(known_stick()).before.approved, 300);
}

TEST_F(DeviceHistoryTest, ANewInterfaceIsAChangeUntilItIsLetThrough) {
  plug(known_stick(), 100);
  approve(known_stick(), 100);
  sysusb::DeviceRecord bad = known_stick();
  bad.interfaces.push_back({3, 1, 1});
  plug(bad, 200);
  EXPECT_EQ(judge(bad).verdict, Verdict::changed);
  EXPECT_EQ(judge(bad).before.fingerprint, fingerprint_of(known_stick()));
  EXPECT_EQ(judge(known_stick()).verdict, Verdict::known)
      << "what it was is still what was approved";
  approve(bad, 300);
  EXPECT_EQ(judge(bad).verdict, Verdict::known);
}

TEST_F(DeviceHistoryTest, EveryFieldButThePlaceIsInTheFingerprint) {
  using Change = void (*)(sysusb::DeviceRecord&);
  for (const Change change : std::initializer_list<Change>{
           [](auto& r) { r.vendor_id = 1; }, [](auto& r) { r.product_id = 1; },
           [](auto& r) { r.device_version = 1; }, [](auto& r) { r.usb_version = 1; },
           [](auto& r) { r.manufacturer = "x"; }, [](auto& r) { r.product = "x"; },
           [](auto& r) { r.serial = "x"; }, [](auto& r) { r.interfaces.clear(); },
           [](auto& r) { r.descriptors_hash.assign(32, 'x'); }}) {
    sysusb::DeviceRecord other = known_stick();
    change(other);
    EXPECT_NE(fingerprint_of(other), fingerprint_of(known_stick()));
  }
  for (const Change change : std::initializer_list<Change>{
           [](auto& r) { r.port_id = "1-3.2"; }, [](auto& r) { r.bus = 9; },
           [](auto& r) { r.device = 9; }, [](auto& r) { r.speed = sysusb::Speed::full; }}) {
    sysusb::DeviceRecord moved = known_stick();
    change(moved);
    EXPECT_EQ(fingerprint_of(moved), fingerprint_of(known_stick()));
  }
}

TEST_F(DeviceHistoryTest, TheHashOfTheDescriptorsStandsForWhatTheyDescribe) {
  sysusb::DeviceRecord before = known_stick();
  before.descriptors_hash.assign(32, 'd');
  sysusb::DeviceRecord told = before;
  told.described = {{8, 6, 80}};
  told.usbguard_hash.assign(32, 'u');
  EXPECT_EQ(fingerprint_of(told), fingerprint_of(before)) << "an agent that tells more";
  told.descriptors_hash.clear();
  before.descriptors_hash.clear();
  EXPECT_NE(fingerprint_of(told), fingerprint_of(before));
}

TEST_F(DeviceHistoryTest, WithoutASerialNumberThePortTellsThemApart) {
  sysusb::DeviceRecord mouse = known_stick();
  mouse.serial.clear();
  plug(mouse, 100);
  approve(mouse, 100);
  EXPECT_EQ(judge(mouse).verdict, Verdict::known);
  mouse.port_id = "2-2";
  EXPECT_EQ(judge(mouse).verdict, Verdict::fresh);
}

TEST_F(DeviceHistoryTest, AFloodOfSerialNumbersPushesOutItsLikeOnly) {
  plug(known_stick(), 1);
  approve(known_stick(), 1);
  sysusb::DeviceRecord liar = known_stick();
  for (std::size_t i = 0; i < DeviceHistory::max_devices + 100; ++i) {
    liar.serial = "liar" + std::to_string(i);
    plug(liar, 10 + static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(history_.size(), DeviceHistory::max_devices);
  EXPECT_EQ(judge(known_stick()).verdict, Verdict::known);
  EXPECT_EQ(judge(liar).before.key, history_key(liar, "sys-usb"));
  liar.serial = "liar0";
  EXPECT_TRUE(judge(liar).before.key.empty()) << "the longest unseen was forgotten";
  const auto changes = history_.take_changes();
  EXPECT_EQ(changes.kept.size(), DeviceHistory::max_devices);
  EXPECT_EQ(changes.forgotten.size(), 101U);
}

TEST_F(DeviceHistoryTest, ChangesAreToldOnceAndCanBeGivenBack) {
  plug(known_stick(), 100);
  ASSERT_TRUE(history_.has_changes());
  auto changes = history_.take_changes();
  ASSERT_EQ(changes.kept.size(), 1U);
  EXPECT_FALSE(history_.has_changes());
  history_.give_back(std::move(changes));
  changes = history_.take_changes();
  ASSERT_EQ(changes.kept.size(), 1U);

  DeviceHistory again;
  again.restore(changes.kept.front());
  EXPECT_EQ(again.judge(changes.kept.front().key, changes.kept.front().fingerprint).before,
            changes.kept.front());
}

}  // namespace
}  // namespace dom0
