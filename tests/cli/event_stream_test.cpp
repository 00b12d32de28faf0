// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/event_stream.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

using FailureKind = AdminFailure::Kind;

std::string event_bytes(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '|') c = '\0';
  }
  return out;
}

const std::string attach_event =
    event_bytes("1|work|device-attach:usb|device|sys-usb:2-1|options|{}||");
const std::string established = event_bytes("1||connection-established||");

TEST(EventStream, GivesEvents) {
  EventStream stream;
  ASSERT_TRUE(stream.push(established + attach_event));
  EXPECT_EQ(*stream.pop(),
            (AdminEvent{.subject = "", .name = "connection-established", .facts = {}}));
  const auto event = stream.pop();
  EXPECT_EQ(*event, (AdminEvent{.subject = "work",
                                .name = "device-attach:usb",
                                .facts = {{"device", "sys-usb:2-1"}, {"options", "{}"}}}));
  EXPECT_EQ(event->fact("device"), "sys-usb:2-1");
  EXPECT_EQ(event->fact("port"), "");
  EXPECT_FALSE(stream.pop().has_value());
  EXPECT_FALSE(stream.ended().has_value());
}

TEST(EventStream, TakesBytesAsTheyCome) {
  EventStream stream;
  const std::string all = established + attach_event + attach_event;
  std::size_t events = 0;
  for (const char c : all) {
    ASSERT_TRUE(stream.push({&c, 1}));
    while (stream.pop()) ++events;
  }
  EXPECT_EQ(events, 3U);
}

TEST(EventStream, EveryShorterOneIsNotWhole) {
  for (std::size_t size = 0; size < attach_event.size(); ++size) {
    EventStream stream;
    ASSERT_TRUE(stream.push(std::string_view(attach_event).substr(0, size))) << size;
    EXPECT_FALSE(stream.pop().has_value()) << size;
    ASSERT_TRUE(stream.ended().has_value()) << size;
    EXPECT_EQ(stream.ended()->kind, size == 0 ? FailureKind::empty : FailureKind::malformed)
        << size;
  }
}

TEST(EventStream, ValuesMayBeEmptyAndKeysEndIt) {
  EventStream stream;
  ASSERT_TRUE(stream.push(event_bytes("1|||a|||")));
  EXPECT_EQ(*stream.pop(), (AdminEvent{.subject = "", .name = "", .facts = {{"a", ""}}}));
  EXPECT_FALSE(stream.ended().has_value());
}

TEST(EventStream, SaysWhyItIsRefused) {
  EventStream stream;
  const std::string refusal = event_bytes("2|PermissionDenied||not \x1b you|");
  for (std::size_t size = 0; size < refusal.size(); ++size) {
    EventStream cut;
    EXPECT_TRUE(cut.push(std::string_view(refusal).substr(0, size))) << size;
  }
  EXPECT_FALSE(stream.push(refusal));
  EXPECT_EQ(stream.failure()->kind, FailureKind::refused);
  EXPECT_EQ(stream.failure()->type, "PermissionDenied");
  EXPECT_EQ(stream.failure()->text, "not \\x1b you");
  EXPECT_FALSE(stream.push(attach_event));
  EXPECT_FALSE(stream.pop().has_value());
}

TEST(EventStream, RefusesWhatIsNoEvent) {
  for (const char* text : {"0|", "|", "11|", "usb|"}) {
    EventStream stream;
    EXPECT_FALSE(stream.push(event_bytes(text))) << text;
    EXPECT_EQ(stream.failure()->kind, FailureKind::malformed) << text;
  }
  // A refusal has its place at the beginning only.
  EventStream late;
  EXPECT_FALSE(late.push(attach_event + event_bytes("2|X||Y|")));
  EXPECT_TRUE(late.pop().has_value());
}

TEST(EventStream, HasBounds) {
  EventStream stream;
  ASSERT_TRUE(stream.push(event_bytes("1||") + std::string(max_event_field, 'x')));
  EXPECT_FALSE(stream.push("x"));
  EXPECT_EQ(stream.failure()->kind, FailureKind::malformed);

  std::string many = event_bytes("1||x|");
  for (std::size_t i = 0; i < max_event_facts; ++i) many += event_bytes("k|v|");
  EventStream full;
  EXPECT_TRUE(full.push(many + event_bytes("|")));
  EXPECT_EQ(full.pop()->facts.size(), max_event_facts);
  EventStream overfull;
  EXPECT_FALSE(overfull.push(many + event_bytes("k|v||")));
}

}  // namespace
}  // namespace cli
