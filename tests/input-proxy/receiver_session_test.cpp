// SPDX-License-Identifier: GPL-2.0-or-later
// A receiver as a whole: the acceptance checks of Qubes' protocol, pairing, quarantine, pace.
#include "input-proxy/receiver_session.hpp"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "input-proxy/receiver_words.hpp"
#include "tests/input-proxy/events.hpp"

namespace inputproxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Ending = ReceiverSession::Ending;
using Status = ReceiverSession::Status;

Capabilities some_keyboard() {
  Capabilities device;
  device.name = "Some keyboard";
  device.types.set(EV_KEY).set(EV_REL).set(EV_LED).set(EV_MSC);
  for (std::size_t code = 1; code < 256; ++code) device.keys.set(code);
  device.keys.set(BTN_LEFT);
  device.rels.set(REL_X);
  device.leds.set(LED_CAPSL);
  device.mscs.set(MSC_SCAN);
  return device;
}

class InputReceiver : public testing::Test {
 protected:
  void start(const std::string& service = "qubes.InputKeyboard", std::string_view words = "") {
    ReceiverRules rules;
    rules.accepted = *accepted_by(service);
    ASSERT_TRUE(read_words(words, rules));
    session_.emplace(rules);
  }
  void feed(std::span<const std::byte> wire) {
    while (!wire.empty()) {
      const auto space = session_->space();
      const std::size_t size = std::min(space.size(), wire.size());
      std::copy_n(wire.begin(), size, space.begin());
      session_->filled(size, now_);
      wire = wire.subspan(size);
    }
  }
  void greet(Features offered = 0) { feed(encode_greeting(some_keyboard(), offered)); }
  void send(std::initializer_list<Event> events) {
    for (const Event& event : events) {
      std::array<std::byte, event_size> wire{};
      encode_event(event, wire.data());
      feed(wire);
    }
  }
  // A stroke as a person makes it, a quarter of a second after the last one, give or take.
  void stroke(int code) {
    now_ += milliseconds(230 + (code * 37) % 90);
    send({key(code, 1), report});
    now_ += milliseconds(80 + (code * 13) % 50);
    send({key(code, 0), report});
  }
  std::vector<Event> taken() { return std::exchange(session_->out(), {}); }

  std::optional<ReceiverSession> session_;
  nanoseconds now_ = milliseconds(5000);
};

TEST_F(InputReceiver, PassesWhatQubesReceiverPasses) {
  start();
  greet();
  ASSERT_NE(session_->device(), nullptr);
  EXPECT_EQ(session_->device()->name, "Some keyboard");
  EXPECT_TRUE(session_->back().empty());  // an old sender gets no answer
  const Event light{.type = EV_LED, .code = LED_CAPSL, .value = 1};
  const Event move{.type = EV_REL, .code = REL_X, .value = 3};
  send({key(KEY_A, 1),
        {.type = EV_MSC, .code = MSC_SCAN, .value = 9},
        {.type = EV_REP, .code = 0, .value = 1},
        report,
        move,
        light,
        key(KEY_B, 7),
        report});
  EXPECT_EQ(taken(), (std::vector{key(KEY_A, 1), report, move, light, report}));
}

TEST_F(InputReceiver, AnswersANewSender) {
  start();
  greet(all_features);
  ASSERT_EQ(session_->back().size(), 1U);
  EXPECT_EQ(session_->back()[0].type, answer_type);
  EXPECT_EQ(session_->back()[0].value, static_cast<std::int32_t>(all_features));
  EXPECT_EQ(session_->features(), all_features);
  const Event scan{.type = EV_MSC, .code = MSC_SCAN, .value = 9};
  send({scan, key(KEY_A, 1), report});
  EXPECT_EQ(taken(), (std::vector{scan, key(KEY_A, 1), report}));
}

TEST_F(InputReceiver, EndsWithTheStreamAndLetsGoOfEveryKey) {
  start();
  greet();
  send({key(KEY_LEFTSHIFT, 1), report});
  taken();
  session_->closed();
  EXPECT_EQ(session_->ending(), Ending::over);
  EXPECT_EQ(taken(), (std::vector{key(KEY_LEFTSHIFT, 0), report}));
}

// As Qubes' receiver does.
TEST_F(InputReceiver, NoCapabilitiesAreNoError) {
  start();
  constexpr std::array hello{std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0},
                             std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}};
  feed(hello);
  EXPECT_EQ(session_->ending(), Ending::over);
  EXPECT_EQ(session_->device(), nullptr);
}

Capabilities some_gamepad() {
  Capabilities device;
  device.name = "Some gamepad";
  device.types.set(EV_KEY).set(EV_ABS);
  device.keys.set(BTN_SOUTH).set(BTN_START).set(KEY_A);
  for (const int code : {ABS_X, ABS_HAT0Y, ABS_MT_POSITION_X}) {
    const auto axis = static_cast<std::size_t>(code);
    device.axes.set(axis);
    device.ranges.at(axis).maximum = 255;
  }
  return device;
}

TEST_F(InputReceiver, GameControllersNeedTheRulesWord) {
  start();
  feed(encode_greeting(some_gamepad(), 0));
  EXPECT_EQ(session_->ending(), Ending::unwanted);
  EXPECT_NE(session_->reason().find("games=yes"), std::string::npos);

  start("qubes.InputKeyboard", "games=yes");
  feed(encode_greeting(some_gamepad(), 0));
  ASSERT_NE(session_->device(), nullptr);
  EXPECT_TRUE(session_->device()->keys[BTN_SOUTH]);
  EXPECT_TRUE(session_->device()->axes[ABS_X]);
  EXPECT_TRUE(session_->device()->axes[ABS_HAT0Y]);
  EXPECT_FALSE(session_->device()->axes[ABS_MT_POSITION_X]) << "that is a finger's";
  send({abs(ABS_X, 900), key(BTN_SOUTH, 1), report});
  EXPECT_EQ(taken(), (std::vector{abs(ABS_X, 255), key(BTN_SOUTH, 1), report}));

  // Not what makes a keyboard a pointer: it has no buttons of games.
  start("qubes.InputKeyboard", "games=yes");
  Capabilities pointer = some_keyboard();
  pointer.types.set(EV_ABS);
  pointer.axes.set(ABS_X);
  pointer.ranges.at(ABS_X).maximum = 255;
  feed(encode_greeting(pointer, 0));
  ASSERT_NE(session_->device(), nullptr);
  EXPECT_TRUE(session_->device()->axes.none());
}

// It has no digits: a rule that wants them typed lets no game controller in.
TEST_F(InputReceiver, AGameControllerProvesNobody) {
  start("qubes.InputKeyboard", "games=yes digits=123456");
  feed(encode_greeting(some_gamepad(), 0));
  EXPECT_EQ(session_->ending(), Ending::unpaired);
  EXPECT_EQ(session_->device(), nullptr);
}

TEST_F(InputReceiver, RulesSayHowFastItIsRead) {
  start("qubes.InputKeyboard", "presses=2 injection=off");
  greet();
  for (int i = 0; i < 2; ++i) send({key(KEY_A, 1), report, key(KEY_A, 0), report});
  EXPECT_EQ(session_->take_pause(), nanoseconds(0));
  send({key(KEY_A, 1), report});
  EXPECT_EQ(session_->take_pause(), milliseconds(500));
}

TEST_F(InputReceiver, AStreamThatEndsBeforeItsGreetingIsNoError) {
  start();
  session_->closed();
  EXPECT_EQ(session_->ending(), Ending::over);
  EXPECT_EQ(session_->device(), nullptr);
}

TEST_F(InputReceiver, RefusesWithAReason) {
  start();
  greet();
  send({key(KEY_A, 1), report, {.type = EV_SYN, .code = 16, .value = 0}, key(KEY_B, 1), report});
  EXPECT_EQ(session_->ending(), Ending::refused);
  EXPECT_FALSE(session_->reason().empty());
  EXPECT_EQ(taken(), (std::vector{key(KEY_A, 1), report, key(KEY_A, 0), report}));
  start();
  Capabilities bad = some_keyboard();
  bad.name = "\x01";
  feed(encode_greeting(bad, 0));
  EXPECT_EQ(session_->ending(), Ending::refused);
}

TEST_F(InputReceiver, PairsWithTheDigitsAndForwardsNothingBefore) {
  start("qubes.InputKeyboard", "digits=482193");
  greet();
  EXPECT_EQ(session_->device(), nullptr);
  EXPECT_EQ(session_->take_status(), Status::pairing);
  EXPECT_EQ(session_->take_status(), Status::none);
  EXPECT_TRUE(session_->ticks());
  stroke(KEY_X);
  send({{.type = EV_REL, .code = REL_X, .value = 3}, report});
  for (const int code : {KEY_4, KEY_8, KEY_2, KEY_1, KEY_9}) stroke(code);
  EXPECT_EQ(session_->device(), nullptr);
  stroke(KEY_3);
  EXPECT_NE(session_->device(), nullptr);
  EXPECT_EQ(session_->take_status(), Status::paired);
  EXPECT_TRUE(taken().empty());  // the release of the last digit goes nowhere either
  now_ += milliseconds(300);
  send({key(KEY_A, 1), report});
  EXPECT_EQ(taken(), (std::vector{key(KEY_A, 1), report}));
}

TEST_F(InputReceiver, AWrongDigitDenies) {
  start("qubes.InputKeyboard", "digits=482193");
  greet();
  for (const int code : {KEY_4, KEY_8, KEY_2, KEY_1, KEY_9, KEY_4}) stroke(code);
  EXPECT_EQ(session_->ending(), Ending::unpaired);
  EXPECT_EQ(session_->device(), nullptr);
}

TEST_F(InputReceiver, NobodyAnswers) {
  start("qubes.InputKeyboard", "digits=482193");
  greet();
  session_->tick(now_ + Pairing::limit);
  EXPECT_EQ(session_->ending(), Ending::none);
  session_->tick(now_ + Pairing::limit + milliseconds(1));
  EXPECT_EQ(session_->ending(), Ending::unpaired);
}

TEST_F(InputReceiver, WhatCannotTypeDigitsCannotPair) {
  start("qubes.InputKeyboard", "digits=482193");
  Capabilities buttons = some_keyboard();
  buttons.keys.reset();
  buttons.keys.set(KEY_MUTE);
  feed(encode_greeting(buttons, 0));
  EXPECT_EQ(session_->ending(), Ending::unpaired);
  // A mouse needs no pairing: it has no keys.
  start("qubes.InputMouse", "digits=482193");
  greet();
  EXPECT_NE(session_->device(), nullptr);
}

TEST_F(InputReceiver, AnInjectionEndsItBeforeSixKeysAreThrough) {
  start();
  greet();
  std::size_t presses = 0;
  for (int i = 0; i < 60 && session_->ending() == Ending::none; ++i) {
    now_ += milliseconds(4);
    send({key(KEY_A + i % 8, 1), report});
    now_ += milliseconds(4);
    send({key(KEY_A + i % 8, 0), report});
  }
  EXPECT_EQ(session_->ending(), Ending::injected);
  for (const Event& event : taken()) presses += event.type == EV_KEY && event.value == 1 ? 1U : 0U;
  EXPECT_LE(presses, 5U);
}

TEST_F(InputReceiver, PolicyCanSwitchTheWatchOff) {
  start("qubes.InputKeyboard", "injection=off");
  greet();
  for (int i = 0; i < 40; ++i) send({key(KEY_A, 1), report, key(KEY_A, 0), report});
  EXPECT_EQ(session_->ending(), Ending::none);
}

TEST_F(InputReceiver, AFloodIsReadMoreSlowly) {
  start("qubes.InputMouse");
  greet();
  std::array<std::byte, event_size> wire{};
  encode_event({.type = EV_REL, .code = REL_X, .value = 1}, wire.data());
  nanoseconds pause{0};
  for (int i = 0; i < 400; ++i) {
    feed(wire);
    send({report});
    pause = std::max(pause, session_->take_pause());
  }
  EXPECT_GT(pause, milliseconds(15));
  EXPECT_LT(pause, milliseconds(25));
  now_ += std::chrono::seconds(1);
  feed(wire);
  EXPECT_EQ(session_->take_pause(), nanoseconds(0));
}

TEST_F(InputReceiver, ThePanicKeysEndIt) {
  start();
  greet();
  stroke(KEY_PAUSE);
  EXPECT_EQ(session_->ending(), Ending::none);
  now_ += milliseconds(300);
  send({key(KEY_LEFTCTRL, 1), report});
  now_ += milliseconds(90);
  send({key(KEY_RIGHTALT, 1), report});
  now_ += milliseconds(90);
  send({key(KEY_PAUSE, 1), report});
  EXPECT_EQ(session_->ending(), Ending::panic);
}

TEST_F(InputReceiver, LightsGoBackOnce) {
  start();
  greet();
  const Event on{.type = EV_LED, .code = LED_CAPSL, .value = 1};
  session_->feedback(on);
  session_->feedback(on);
  session_->feedback({.type = EV_SYN, .code = 0, .value = 0});
  EXPECT_EQ(session_->back(), std::vector{on});
}

TEST(InputWords, SaysWhatItDoesNotUnderstand) {
  ReceiverRules rules;
  EXPECT_TRUE(
      read_words("keys=+vt injection=off games=yes digits=000000 events=500 presses=9", rules));
  EXPECT_TRUE(rules.keys.allows(KeyClass::vt));
  EXPECT_FALSE(rules.watch_for_injection);
  EXPECT_TRUE(rules.accepted.games);
  EXPECT_EQ(rules.digits, "000000");
  EXPECT_EQ(rules.max_events_per_s, 500);
  EXPECT_EQ(rules.max_presses_per_s, 9);
  for (const char* bad : {"x", "keys", "digits=12345", "digits=12345a", "injection=maybe",
                          "games=1", "pair=yes", "events=0", "presses=x", "events=5x"}) {
    EXPECT_FALSE(read_words(bad, rules)) << bad;
  }
}

}  // namespace
}  // namespace inputproxy
