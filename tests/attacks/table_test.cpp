// SPDX-License-Identifier: GPL-2.0-or-later
// The table itself: complete, and what docs/attacks.md says is what it says.
#include <gtest/gtest.h>

#include <set>

#include "base/io/files.hpp"
#include "tests/attacks/attack.hpp"
#include "tests/attacks/guest/kernel_log.hpp"
#include "tests/attacks/guest/report.hpp"
#include "tests/places.hpp"

namespace attacks {
namespace {

TEST(AttackTable, HasAHundredAttacksAndMoreWithNamesOfTheirOwn) {
  std::set<std::string> ids;
  for (const Attack& row : table()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id << " stands twice";
    EXPECT_FALSE(row.source.empty()) << row.id;
    EXPECT_FALSE(row.what.empty()) << row.id;
    EXPECT_TRUE(row.plugged || row.streamed) << row.id;
    EXPECT_TRUE(row.device) << row.id;
  }
  EXPECT_GE(ids.size(), 100U);
}

TEST(AttackTable, HasEveryClass) {
  std::set<Class> seen;
  for (const Attack& row : table()) seen.insert(row.kind);
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(Class::target) + 1);
}

TEST(AttackTable, ReasonsAreGivenWhereSomethingIsRefused) {
  for (const Attack& row : table()) {
    for (const auto& expected : {row.plugged, row.streamed}) {
      if (!expected) continue;
      const bool needs_words = expected->outcome != Outcome::attached &&
                               expected->outcome != Outcome::harmless &&
                               expected->outcome != Outcome::not_enumerated;
      EXPECT_EQ(needs_words, !expected->words.empty()) << row.id;
    }
  }
}

TEST(AttackTable, IsWhatTheDocumentSays) {
  constexpr std::size_t limit = std::size_t{1024} * 1024;
  const auto text = base::io::read_file(places::source() + "/docs/attacks.md", limit);
  ASSERT_TRUE(text) << text.error().text;
  EXPECT_NE(text->find(markdown()), std::string::npos)
      << "docs/attacks.md is not the table: put the output of usb_emulator --table there";
}

TEST(AttackReport, ComesBackAsItWas) {
  Report report;
  report.outcome = Outcome::ended;
  report.frontend = "protocol violation: second hello";
  report.drivers = {"usbhid", "usb-storage"};
  report.alarms = {"WARNING: CPU: 0"};
  report.left = {"the backend does not end"};
  report.taint = 512;
  const Report again = report_from(to_text(report));
  EXPECT_EQ(again.error, "");
  EXPECT_EQ(again.outcome, report.outcome);
  EXPECT_EQ(again.frontend, report.frontend);
  EXPECT_EQ(again.drivers, report.drivers);
  EXPECT_EQ(again.alarms, report.alarms);
  EXPECT_EQ(again.left, report.left);
  EXPECT_EQ(again.taint, report.taint);
}

TEST(AttackReport, WithoutAnOutcomeIsAnError) {
  EXPECT_NE(report_from("").error, "");
  EXPECT_NE(report_from("attack_guest: no such file\n").error, "");
  EXPECT_NE(report_from("frontend=fine\nhonest=\n").error, "");
}

TEST(KernelLog, KnowsAnAlarm) {
  EXPECT_TRUE(is_alarm("WARNING: CPU: 0 PID: 31 at drivers/usb/core/urb.c:503"));
  EXPECT_TRUE(is_alarm("BUG: kernel NULL pointer dereference, address: 0000000000000008"));
  EXPECT_TRUE(is_alarm("INFO: task kworker/0:1:8 blocked for more than 20 seconds."));
  EXPECT_FALSE(is_alarm("usb 2-1: config 1 has an invalid interface number: 2 but max is 1"));
}

}  // namespace
}  // namespace attacks
