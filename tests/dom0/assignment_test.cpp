// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/assignment.hpp"

#include <gtest/gtest.h>

namespace dom0 {
namespace {

constexpr const char* stick = "0951:1666:60A4:u080650";

Assignment of(const std::string& frontend, const std::string& port, const std::string& id,
              AssignmentMode mode = AssignmentMode::auto_attach) {
  return {.frontend = frontend, .device = {"sys-usb", port, id}, .mode = mode};
}

std::string wanting(const AssignmentTable& table, const DeviceRef& device) {
  std::string text;
  for (const Assignment* each : table.wanting("usb", device)) {
    text += each->frontend + "=" + std::to_string(specificity(each->device)) + " ";
  }
  return text;
}

TEST(Assignment, HasTheLineThatQubesClientsRead) {
  Assignment assignment = of("work", "*", stick, AssignmentMode::ask_to_attach);
  assignment.options = {{"read-only", "yes"}};
  EXPECT_EQ(assigned_line(assignment),
            "sys-usb+*:0951:1666:60A4:u080650 device_id='0951:1666:60A4:u080650' port_id='*' "
            "devclass='usb' backend_domain='sys-usb' mode='ask-to-attach' frontend_domain='work' "
            "_read-only='yes'\n");
}

TEST(Assignment, ModesHaveQubesNames) {
  for (const auto mode :
       {AssignmentMode::ask_to_attach, AssignmentMode::auto_attach, AssignmentMode::required}) {
    EXPECT_EQ(parse_assignment_mode(name_of(mode)), mode);
  }
  for (const char* text : {"", "manual", "auto", "Required", "required "}) {
    EXPECT_EQ(parse_assignment_mode(text), std::nullopt) << text;
  }
}

TEST(AssignmentTable, OneOfAKindForEachQube) {
  AssignmentTable table;
  ASSERT_TRUE(table.add(of("work", "2-1", stick)).has_value());
  const auto twice = table.add(of("work", "2-1", stick, AssignmentMode::ask_to_attach));
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().text,
            "usb device sys-usb:2-1:0951:1666:60A4:u080650 already assigned to work");
  EXPECT_TRUE(table.add(of("work", "2-1", "*")).has_value());
  EXPECT_TRUE(table.add(of("vault", "2-1", stick)).has_value());
  EXPECT_EQ(table.size(), 3U);
  ASSERT_TRUE(table.remove("work", "usb", {"sys-usb", "2-1", stick}).has_value());
  const auto gone = table.remove("work", "usb", {"sys-usb", "2-1", stick});
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().text,
            "usb device sys-usb:2-1:0951:1666:60A4:u080650 not assigned to work");
  EXPECT_FALSE(table.remove("nobody", "usb", {"sys-usb", "2-1", stick}).has_value());
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.of("work", "usb").size(), 1U);
  EXPECT_TRUE(table.of("work", "block").empty());
}

TEST(AssignmentTable, TheMostSpecificOfAQubeCounts) {
  AssignmentTable table;
  ASSERT_TRUE(table.add(of("a", "*", "*")).has_value());
  ASSERT_TRUE(table.add(of("a", "*", stick)).has_value());
  ASSERT_TRUE(table.add(of("a", "2-1", "*")).has_value());
  ASSERT_TRUE(table.add(of("b", "*", stick)).has_value());
  EXPECT_EQ(wanting(table, {"sys-usb", "2-1", stick}), "a=2 b=1 ");
  ASSERT_TRUE(table.add(of("a", "2-1", stick)).has_value());
  EXPECT_EQ(wanting(table, {"sys-usb", "2-1", stick}), "a=3 b=1 ");
  EXPECT_EQ(wanting(table, {"sys-usb", "2-2", stick}), "a=1 b=1 ");
  EXPECT_EQ(wanting(table, {"sys-usb", "2-2", "dead:beef::u030101"}), "a=0 ");
  EXPECT_EQ(wanting(table, {"other", "2-1", stick}), "");
}

TEST(AssignmentTable, IsBounded) {
  AssignmentTable table;
  for (std::size_t i = 0; i < AssignmentTable::max_assignments; ++i) {
    ASSERT_TRUE(table.add(of("q" + std::to_string(i), "2-1", "*")).has_value());
  }
  EXPECT_FALSE(table.add(of("one-more", "2-1", "*")).has_value());
  ASSERT_TRUE(table.remove("q7", "usb", {"sys-usb", "2-1", "*"}).has_value());
  EXPECT_TRUE(table.add(of("one-more", "2-1", "*")).has_value());
}

}  // namespace
}  // namespace dom0
