// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-qube's command line.
#include "sys-usb/qube_arguments.hpp"

#include <gtest/gtest.h>

namespace {

using sysusb::parse_qube_arguments;
using sysusb::QubeVerb;

std::string refusal(const std::vector<std::string>& words) {
  const auto arguments = parse_qube_arguments(words);
  return arguments ? "accepted" : arguments.error().text;
}

TEST(QubeArguments, StartTakesEveryOption) {
  const auto parsed = parse_qube_arguments(
      {"--root",        "/r",      "start",         "work",   "--images", "/i", "--accel", "tcg",
       "--user",        "qemu",    "--wait",        "60",     "--qemu",   "/q", "--dial",  "/d",
       "--qemu-option", "-device", "--qemu-option", "usb-kbd"});
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->verb, QubeVerb::start);
  EXPECT_EQ(parsed->name, "work");
  EXPECT_EQ(parsed->root, "/r");
  EXPECT_EQ(parsed->images, "/i");
  EXPECT_EQ(parsed->accelerator, sysusb::Accelerator::tcg);
  EXPECT_EQ(parsed->user, "qemu");
  EXPECT_EQ(parsed->wait, std::chrono::seconds(60));
  EXPECT_EQ(parsed->more, (std::vector<std::string>{"-device", "usb-kbd"}));
}

TEST(QubeArguments, AcceleratorIsFoundOutUnlessGiven) {
  const auto parsed = parse_qube_arguments({"start", "work"});
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->accelerator);
}

TEST(QubeArguments, PlugTakesAnImageOrADevice) {
  const auto stick = parse_qube_arguments({"plug", "q", "s1", "--image", "a.img", "--readonly"});
  ASSERT_TRUE(stick) << stick.error().text;
  EXPECT_EQ(stick->plug_id, "s1");
  EXPECT_EQ(stick->plug_image, "a.img");
  EXPECT_TRUE(stick->plug_readonly);
  EXPECT_EQ(refusal({"plug", "q", "k", "--device", "usb-kbd"}), "accepted");
  EXPECT_EQ(refusal({"unplug", "q", "k"}), "accepted");
  EXPECT_NE(refusal({"plug", "q", "k"}), "accepted");
  EXPECT_NE(refusal({"plug", "q", "k", "--device", "usb-kbd", "--image", "a"}), "accepted");
  EXPECT_NE(refusal({"plug", "q", "k", "--device", "usb-host"}), "accepted");
  EXPECT_NE(refusal({"plug", "q", "xhci", "--image", "a"}), "accepted");
}

TEST(QubeArguments, SaysWhatIsWrong) {
  EXPECT_EQ(refusal({}), "nothing to do; say for example: sallyport-qube list");
  EXPECT_EQ(refusal({"begin", "x"}), "unknown command 'begin'; see sallyport-qube --help");
  EXPECT_EQ(refusal({"start"}), "start takes 1 names; see sallyport-qube --help");
  EXPECT_EQ(refusal({"start", "a", "b"}), "start takes 1 names; see sallyport-qube --help");
  EXPECT_EQ(refusal({"start", "a", "--accel", "xen"}), "--accel: 'xen' is none of: auto kvm tcg");
  EXPECT_EQ(refusal({"start", "a", "--wait", "0"}),
            "--wait: '0' is not a number of seconds from 1 to 3600");
  EXPECT_EQ(refusal({"start", "a", "--root"}), "--root needs a value, or is no option");
  EXPECT_EQ(refusal({"start", "a", "--root", ""}), "--root needs a value");
  EXPECT_EQ(refusal({"start", "a", "--fast", "x"}),
            "unknown option --fast; see sallyport-qube --help");
}

TEST(QubeArguments, HelpWinsOverEverything) {
  const auto parsed = parse_qube_arguments({"start", "--help"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->verb, QubeVerb::help);
}

}  // namespace
