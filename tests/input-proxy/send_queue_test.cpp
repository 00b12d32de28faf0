// SPDX-License-Identifier: GPL-2.0-or-later
// The sender's queue: order, bounds, and motion that does not lag behind a slow receiver.
#include "input-proxy/send_queue.hpp"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "tests/input-proxy/events.hpp"
namespace inputproxy {
namespace {

void push(SendQueue& queue, std::initializer_list<Event> frame) {
  for (const Event& event : frame) queue.push(event);
  queue.push(report);
}

// Takes what is offered, `size` bytes at most at a time, until nothing is left or `most` events.
std::vector<Event> drain(SendQueue& queue, std::size_t size = 1000, std::size_t most = SIZE_MAX) {
  std::vector<std::byte> wire;
  for (auto bytes = queue.offer(); !bytes.empty() && wire.size() < most * event_size;
       bytes = queue.offer()) {
    bytes = bytes.first(std::min({bytes.size(), size, most * event_size - wire.size()}));
    wire.insert(wire.end(), bytes.begin(), bytes.end());
    queue.written(bytes.size());
  }
  std::vector<Event> events;
  for (std::size_t at = 0; at + event_size <= wire.size(); at += event_size) {
    events.push_back(parse_event(base::wire::Bytes(wire).subspan(at, event_size)));
  }
  return events;
}

TEST(SendQueue, KeepsOrderWhateverTheStreamTakes) {
  for (const std::size_t size : {1U, 23U, 24U, 100U, 5000U}) {
    SendQueue queue;
    std::vector<Event> expected;
    for (int i = 1; i < 300; ++i) {
      push(queue, {key(i, 1), key(i, 0)});
      expected.insert(expected.end(), {key(i, 1), key(i, 0), report});
    }
    EXPECT_EQ(drain(queue, size), expected);
    EXPECT_TRUE(queue.empty());
  }
}

TEST(SendQueue, WaitingMotionIsAddedUp) {
  SendQueue queue;
  push(queue, {rel(REL_X, 3), rel(REL_Y, -1)});
  push(queue, {rel(REL_X, 4)});
  push(queue, {rel(REL_WHEEL, 1), rel(REL_WHEEL_HI_RES, 120)});
  push(queue, {rel(REL_Y, -5)});
  EXPECT_EQ(drain(queue), (std::vector{rel(REL_X, 7), rel(REL_Y, -6), rel(REL_WHEEL, 1),
                                       rel(REL_WHEEL_HI_RES, 120), report}));
}

TEST(SendQueue, AButtonStaysWhereItWasPressed) {
  SendQueue queue;
  push(queue, {rel(REL_X, 3)});
  push(queue, {key(BTN_LEFT, 1)});
  push(queue, {rel(REL_X, 4)});
  push(queue, {rel(REL_X, 5)});
  push(queue, {rel(REL_X, 1), key(BTN_LEFT, 0)});
  push(queue, {rel(REL_X, 2)});
  EXPECT_EQ(drain(queue),
            (std::vector{rel(REL_X, 3), report, key(BTN_LEFT, 1), report, rel(REL_X, 9), report,
                         rel(REL_X, 1), key(BTN_LEFT, 0), report, rel(REL_X, 2), report}));
}

TEST(SendQueue, OnlyTheLastPositionCounts) {
  SendQueue queue;
  push(queue, {abs(ABS_X, 3), abs(ABS_Y, 4)});
  push(queue, {abs(ABS_X, 9)});
  push(queue, {rel(REL_X, 1)});
  push(queue, {abs(ABS_X, 8)});
  EXPECT_EQ(drain(queue), (std::vector{abs(ABS_X, 9), abs(ABS_Y, 4), report, rel(REL_X, 1), report,
                                       abs(ABS_X, 8), report}));
}

TEST(SendQueue, FingersAreNotMixed) {
  SendQueue queue;
  const auto finger = {abs(ABS_MT_SLOT, 1), abs(ABS_MT_POSITION_X, 5)};
  push(queue, finger);
  push(queue, finger);
  EXPECT_EQ(drain(queue).size(), 6U);
}

TEST(SendQueue, WhatIsOnItsWayIsNotChanged) {
  SendQueue queue;
  push(queue, {rel(REL_X, 3)});
  const auto first = queue.offer();
  EXPECT_EQ(first.size(), 2 * event_size);
  queue.written(5);
  push(queue, {rel(REL_X, 4)});
  push(queue, {rel(REL_X, 5)});
  const auto rest = queue.offer();
  EXPECT_EQ(rest.size(), 2 * event_size - 5);
  queue.written(rest.size());
  EXPECT_EQ(drain(queue), (std::vector{rel(REL_X, 9), report}));
}

TEST(SendQueue, SumsStayWithinWhatTheKernelHolds) {
  SendQueue queue;
  for (int i = 0; i < 5; ++i) push(queue, {rel(REL_X, INT32_MAX), rel(REL_Y, INT32_MIN)});
  EXPECT_EQ(drain(queue), (std::vector{rel(REL_X, INT32_MAX), rel(REL_Y, -INT32_MAX), report}));
}

TEST(SendQueue, IsBoundedAndSaysSo) {
  SendQueue queue;
  std::size_t frames = 0;
  for (; !queue.full(); ++frames) push(queue, {key(KEY_A, static_cast<int>(frames % 2))});
  EXPECT_LE(queue.size(), SendQueue::max_events);
  EXPECT_GT(frames, 3900U);
  EXPECT_EQ(drain(queue).size(), 2 * frames);
  EXPECT_FALSE(queue.full());
}

TEST(SendQueue, AFrameWithoutAnEndIsPassedInPieces) {
  SendQueue queue;
  for (int i = 0; i < 1000; ++i) queue.push(key(KEY_A, i % 2));
  queue.push(report);
  EXPECT_EQ(drain(queue).size(), 1001U);
}

// A million events of a mouse that also clicks, and a receiver that takes one for each ten: the
// queue stays short, no click is lost or moved, and the pointer ends where it should.
TEST(SendQueue, AMillionEventsForASlowReceiver) {
  SendQueue queue;
  std::int64_t moved = 0, arrived = 0;
  std::int64_t moved_at_click = 0;
  std::vector<std::int64_t> clicks, seen;
  std::size_t longest = 0, pushed = 0;
  const auto take = [&](const std::vector<Event>& events) {
    for (const Event& event : events) {
      if (event.type == EV_REL) arrived += event.value;
      if (event.type == EV_KEY && event.value == 1) seen.push_back(arrived);
    }
  };
  std::uint64_t random = 88172645463325252U;
  while (pushed < 1'000'000) {
    random ^= random << 13U;
    random ^= random >> 7U;
    random ^= random << 17U;
    if (random % 200 == 0) {
      moved_at_click = moved;
      push(queue, {key(BTN_LEFT, 1)});
      push(queue, {key(BTN_LEFT, 0)});
      clicks.push_back(moved_at_click);
      pushed += 4;
    } else {
      const int step = static_cast<int>(random % 41) - 20;
      moved += step;
      push(queue, {rel(REL_X, step)});
      pushed += 2;
    }
    ASSERT_FALSE(queue.full());
    longest = std::max(longest, queue.size());
    if (pushed % 20 == 0) take(drain(queue, 48, 2));
  }
  take(drain(queue));
  EXPECT_EQ(seen, clicks);
  EXPECT_EQ(arrived, moved);
  EXPECT_LT(longest, 64U);
}

}  // namespace
}  // namespace inputproxy
