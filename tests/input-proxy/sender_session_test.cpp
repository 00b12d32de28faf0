// SPDX-License-Identifier: GPL-2.0-or-later
// The sender's state machine: what old and new receivers get, and what the kernel dropped.
#include "input-proxy/sender_session.hpp"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "tests/input-proxy/events.hpp"
namespace inputproxy {
namespace {

class InputSender : public testing::Test {
 protected:
  InputSender() {
    device_.types.set(EV_KEY).set(EV_LED).set(EV_ABS).set(EV_MSC);
    device_.keys.set(KEY_A);
    device_.leds.set(LED_CAPSL);
    device_.axes.set(ABS_X);
    device_.ranges[ABS_X] = {.value = 5, .minimum = 0, .maximum = 100};
  }
  void start() {
    session_.emplace(device_);
    greeting_.clear();
    while (greeting_.size() < hello_size + capabilities_size + extension_size) {
      const auto bytes = session_->offer().first(100);
      greeting_.insert(greeting_.end(), bytes.begin(), bytes.end());
      session_->written(bytes.size());
      if (greeting_.size() + 100 > hello_size + capabilities_size + extension_size) {
        session_->written(session_->offer().size());
        break;
      }
    }
  }
  std::vector<Event> sent() {
    std::vector<Event> events;
    for (auto bytes = session_->offer(); !bytes.empty(); bytes = session_->offer()) {
      events.push_back(parse_event(bytes.first(event_size)));
      session_->written(event_size);
    }
    return events;
  }
  std::vector<Event> receive(std::initializer_list<Event> events, std::size_t step = event_size) {
    std::vector<std::byte> wire(events.size() * event_size);
    std::size_t at = 0;
    for (const Event& event : events) encode_event(event, wire.data() + event_size * at++);
    std::vector<Event> lights;
    for (at = 0; at < wire.size();) {
      const auto space = session_->space();
      const std::size_t size = std::min({step, space.size(), wire.size() - at});
      std::copy_n(wire.begin() + static_cast<std::ptrdiff_t>(at), size, space.begin());
      session_->filled(size, lights);
      at += size;
    }
    return lights;
  }
  void push(std::initializer_list<Event> events) {
    for (const Event& event : events) session_->event(event);
  }
  static Event answer(Features features) {
    return {
        .type = answer_type, .code = answer_features, .value = static_cast<std::int32_t>(features)};
  }

  Capabilities device_;
  std::optional<SenderSession> session_;
  std::vector<std::byte> greeting_;
};

constexpr Event scan{.type = EV_MSC, .code = MSC_SCAN, .value = 458756};

TEST_F(InputSender, AnOldReceiverGetsVersionOneAndNoMore) {
  start();
  push({scan, key(KEY_A, 1), report, key(KEY_A, 2), report});
  EXPECT_EQ(sent(), (std::vector{key(KEY_A, 1), report, key(KEY_A, 2), report}));
}

TEST_F(InputSender, ANewReceiverGetsWhatItTook) {
  start();
  EXPECT_TRUE(receive({answer(all_features)}).empty());
  push({scan, key(KEY_A, 1), report, key(KEY_A, 2), report, key(KEY_A, 0), report});
  EXPECT_EQ(sent(), (std::vector{scan, key(KEY_A, 1), report, report, key(KEY_A, 0), report}));
  EXPECT_FALSE(session_->wants_state());  // no fingers on a keyboard
}

TEST_F(InputSender, FeedbackSetsLightsAndNothingElse) {
  start();
  const Event on{.type = EV_LED, .code = LED_CAPSL, .value = 1};
  for (const std::size_t step : {1U, 24U, 100U}) {
    EXPECT_EQ(receive({on,
                       key(KEY_A, 1),
                       report,
                       {.type = EV_LED, .code = LED_NUML, .value = 1},
                       {.type = EV_LED, .code = LED_CAPSL, .value = 2},
                       {.type = EV_LED, .code = 999, .value = 1}},
                      step),
              std::vector{on});
  }
}

TEST_F(InputSender, MakesGoodWhatTheKernelDropped) {
  start();
  device_.keys.set(KEY_B);
  push({key(KEY_A, 1), report});
  EXPECT_EQ(sent().size(), 2U);
  push({{.type = EV_SYN, .code = SYN_DROPPED, .value = 0}, key(KEY_B, 1), abs(ABS_X, 7)});
  EXPECT_FALSE(session_->wants_state());
  push({report});
  EXPECT_TRUE(session_->wants_state());
  EXPECT_TRUE(sent().empty());
  DeviceState now;
  now.keys.set(KEY_B);
  now.axes[ABS_X] = 42;
  session_->state(now);
  EXPECT_EQ(sent(), (std::vector{key(KEY_A, 0), key(KEY_B, 1), abs(ABS_X, 42), report}))
      << "in the order of their codes";
  EXPECT_FALSE(session_->wants_state());
}

TEST_F(InputSender, TellsOfFingersThatLieThereAlready) {
  device_.axes.set(ABS_MT_SLOT).set(ABS_MT_TRACKING_ID).set(ABS_MT_POSITION_X);
  start();
  receive({answer(static_cast<Features>(Feature::touch_state))});
  ASSERT_TRUE(session_->wants_state());
  DeviceState now;
  now.slots = 2;
  now.axes[ABS_X] = 5;
  now.fingers[0][ABS_MT_TRACKING_ID] = -1;
  now.fingers[1][ABS_MT_TRACKING_ID] = 77;
  now.fingers[1][ABS_MT_POSITION_X] = 900;
  now.axes[ABS_MT_SLOT] = 1;
  session_->state(now);
  EXPECT_EQ(sent(), (std::vector{abs(ABS_MT_SLOT, 0), abs(ABS_MT_TRACKING_ID, -1),
                                 abs(ABS_MT_SLOT, 1), abs(ABS_MT_POSITION_X, 900),
                                 abs(ABS_MT_TRACKING_ID, 77), abs(ABS_MT_SLOT, 1), report}));
}

TEST_F(InputSender, StopsReadingTheDeviceWhenTheStreamIsStuck) {
  start();
  std::size_t frames = 0;
  for (; session_->wants_events(); ++frames)
    push({key(KEY_A, static_cast<int>(frames % 2)), report});
  EXPECT_LE(frames, SendQueue::max_events / 2);
  EXPECT_EQ(sent().size(), 2 * frames);
  EXPECT_TRUE(session_->wants_events());
}

}  // namespace
}  // namespace inputproxy
