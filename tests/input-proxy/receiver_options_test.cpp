// SPDX-License-Identifier: GPL-2.0-or-later
// What a receiver takes from its command line, and what from the call it serves.
#include <gtest/gtest.h>

#include <cstdlib>

#include "input-proxy/io/receiver.hpp"

namespace inputproxy::io {
namespace {

class ReceiverOptionsTest : public testing::Test {
 protected:
  // As an agent starts a service.
  static void called(const std::string& service) {
    ::setenv("QREXEC_SERVICE_FULL_NAME", service.c_str(), 1);
    const std::size_t plus = service.find('+');
    if (plus == std::string::npos) return;
    ::setenv("QREXEC_SERVICE_ARGUMENT", service.substr(plus + 1).c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("QREXEC_SERVICE_FULL_NAME");
    ::unsetenv("QREXEC_SERVICE_ARGUMENT");
    ::unsetenv("SALLYPORT_OPTIONS");
  }
};

TEST_F(ReceiverOptionsTest, TheServiceSaysWhatTheDeviceMayBe) {
  called("qubes.InputMouse+usb-0000_00_05.0-2+3-46d-c52b-111+");
  const auto options = ReceiverOptions::parse({"usb-0000_00_05.0-2+3-46d-c52b-111+"});
  ASSERT_TRUE(options.has_value()) << options.error().text;
  EXPECT_TRUE(options->rules.accepted.mouse);
  EXPECT_FALSE(options->rules.accepted.keyboard);
  EXPECT_FALSE(options->rules.accepted.tablet);
}

TEST_F(ReceiverOptionsTest, ACallersArgumentIsNoOption) {
  for (const std::string word : {"--keyboard", "--tablet", "--help", "--rules"}) {
    called("qubes.InputMouse+" + word);
    const auto options = ReceiverOptions::parse({word});
    ASSERT_TRUE(options.has_value()) << options.error().text;
    EXPECT_FALSE(options->rules.accepted.keyboard) << word;
    EXPECT_FALSE(options->rules.accepted.tablet) << word;
    EXPECT_TRUE(options->rules.accepted.mouse) << word;
    EXPECT_FALSE(options->help) << word;
  }
}

TEST_F(ReceiverOptionsTest, OptionsOfTheServicesProgramCountMoreThanItsName) {
  called("qubes.InputKeyboard");
  const auto options = ReceiverOptions::parse({"--mouse"});
  ASSERT_TRUE(options.has_value()) << options.error().text;
  EXPECT_TRUE(options->rules.accepted.mouse);
  EXPECT_FALSE(options->rules.accepted.keyboard);
}

TEST_F(ReceiverOptionsTest, GamesAreForKeyboardsNamedInEitherWay) {
  ::setenv("SALLYPORT_OPTIONS", "games=yes digits=482193", 1);
  called("qubes.InputKeyboard");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, std::vector<std::string>{"--keyboard", "--mouse"}}) {
    const auto options = ReceiverOptions::parse(words);
    ASSERT_TRUE(options.has_value()) << options.error().text;
    EXPECT_TRUE(options->rules.accepted.keyboard);
    EXPECT_TRUE(options->rules.accepted.mouse);
    EXPECT_TRUE(options->rules.accepted.games);
    EXPECT_EQ(options->rules.digits, "482193");
  }
}

TEST_F(ReceiverOptionsTest, WithoutAClassItDoesNotBegin) {
  EXPECT_FALSE(ReceiverOptions::parse({}).has_value());
  called("qubes.InputKeyboard2");
  EXPECT_FALSE(ReceiverOptions::parse({}).has_value());
  EXPECT_FALSE(ReceiverOptions::parse({"--mouse", "--wings"}).has_value());
  EXPECT_FALSE(ReceiverOptions::parse({"--mouse", "wings"}).has_value());
}

}  // namespace
}  // namespace inputproxy::io
