// SPDX-License-Identifier: GPL-2.0-or-later
// What is made of facts about a host, and what keys and boot options are read as.
#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "base/device/key_bitmap.hpp"
#include "cli/doctor_findings.hpp"

namespace cli::doctor {
namespace {

const InputDevice ps2{.event = "event0", .name = "AT keyboard"};
const InputDevice usb{
    .event = "event3", .name = "USB", .port = "1-2", .controller = "0000:00:14.0"};
const Owner sys_usb{.qube = "sys-usb", .controllers = {"0000:00:14.0"}};

KeyboardAnswer answered(Answer answer) {
  return {.qube = "sys-usb",
          .keyboard = usb,
          .answer = PolicyAnswer{.answer = answer, .by = "30-user.policy:2"}};
}

// A host whose only keyboard goes to sys-usb.
Facts given_away(Answer answer) {
  Facts facts;
  facts.keyboards = {usb};
  facts.owners = {sys_usb};
  facts.answers = {answered(answer)};
  facts.prompt_agent = Presence::present;
  return facts;
}

Finding finding_of(const Facts& facts, const std::string& check) {
  for (const Finding& each : examine(facts)) {
    if (each.check == check) return each;
  }
  ADD_FAILURE() << "no check " << check;
  return {};
}

Severity severity(const Facts& facts, const std::string& check) {
  return finding_of(facts, check).severity;
}

bool says(const Finding& finding, const std::string& text) {
  if (finding.found.find(text) != std::string::npos) return true;
  for (const std::string& line : finding.remedy) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST(Doctor, IsContentWithAKeyboardThatStays) {
  Facts facts;
  facts.keyboards = {usb};
  EXPECT_FALSE(any_problem(examine(facts)));
  EXPECT_TRUE(says(finding_of(facts, "registry"), "no qube has a controller"));
  facts = given_away(Answer::deny);
  facts.keyboards.push_back(ps2);
  for (const Finding& each : examine(facts)) EXPECT_EQ(each.severity, Severity::ok) << each.found;
  EXPECT_TRUE(says(finding_of(facts, "keyboard"), "event0 'AT keyboard', not on USB"));
  // Another controller, which nobody has.
  facts.keyboards = {usb, usb};
  facts.keyboards[1].controller = "0000:00:1d.0";
  EXPECT_FALSE(any_problem(examine(facts)));
}

TEST(Doctor, KnowsThatAClosedBusStaysClosed) {
  Facts facts;
  facts.keyboards = {usb};
  facts.boot.usb = Boot::Usb::unauthorised;
  EXPECT_EQ(severity(facts, "keyboard"), Severity::warning);
  EXPECT_TRUE(says(finding_of(facts, "keyboard"), "USBGuard"));
  facts.keyboards.push_back(ps2);
  EXPECT_EQ(severity(facts, "keyboard"), Severity::ok);
}

TEST(Doctor, WarnsWhenNobodyCouldAnswer) {
  const Facts facts = given_away(Answer::ask);
  EXPECT_EQ(severity(facts, "keyboard"), Severity::warning);
  const Finding policy = finding_of(facts, "policy");
  EXPECT_EQ(policy.severity, Severity::problem);
  EXPECT_TRUE(says(policy, "policy says ask (30-user.policy:2); after the next start nobody"));
  EXPECT_TRUE(says(policy, "qubes.InputKeyboard  *  sys-usb  @adminvm  allow  ports=1-2  pair=no"));
  EXPECT_TRUE(says(policy, "PS/2"));
  EXPECT_TRUE(any_problem(examine(facts)));
}

TEST(Doctor, CountsWhatAnswersWithoutAKeyboard) {
  Facts facts = given_away(Answer::ask);
  facts.mouse_allowed = {"sys-usb"};
  EXPECT_EQ(severity(facts, "policy"), Severity::warning);
  EXPECT_TRUE(says(finding_of(facts, "policy"), "only a mouse of sys-usb"));
  facts.mouse_allowed.clear();
  facts.serial_console = "ttyS0";
  EXPECT_EQ(severity(facts, "policy"), Severity::warning);
  facts.serial_console.clear();
  facts.pointers = {{.event = "event5", .name = "TouchPad"}};
  EXPECT_EQ(severity(facts, "policy"), Severity::warning);
  facts.pointers = {usb};  // goes with the controller
  EXPECT_EQ(severity(facts, "policy"), Severity::problem);
}

TEST(Doctor, JudgesAllowDenyAndBrokenPolicies) {
  Facts facts = given_away(Answer::allow);
  EXPECT_FALSE(any_problem(examine(facts)));
  EXPECT_TRUE(says(finding_of(facts, "policy"), "without a question (30-user.policy:2)"));
  facts = given_away(Answer::digits);
  EXPECT_EQ(severity(facts, "policy"), Severity::problem);
  EXPECT_TRUE(says(finding_of(facts, "policy"), "without digits"));
  facts.mouse_allowed = {"sys-usb"};  // shows nothing
  EXPECT_EQ(severity(facts, "policy"), Severity::problem);
  facts.serial_console = "ttyS0";
  EXPECT_EQ(severity(facts, "policy"), Severity::warning);
  facts.prompt_agent = Presence::absent;
  EXPECT_EQ(severity(facts, "prompt"), Severity::warning);
  facts = given_away(Answer::deny);
  EXPECT_EQ(severity(facts, "policy"), Severity::problem);
  EXPECT_TRUE(says(finding_of(facts, "policy"), "policy says deny"));
  facts.answers[0].answer = base::fail("30-user.policy:1: nonsense");
  EXPECT_EQ(severity(facts, "policy"), Severity::problem);
  EXPECT_TRUE(says(finding_of(facts, "policy"), "sallyport policy check"));
  // A rule that denies says more than a policy that cannot be read, wherever it stands.
  facts.answers.push_back(answered(Answer::deny));
  EXPECT_TRUE(says(finding_of(facts, "policy"), "policy says deny"));
  // One keyboard that is allowed is enough.
  facts.answers.push_back(answered(Answer::allow));
  EXPECT_EQ(severity(facts, "policy"), Severity::ok);
}

TEST(Doctor, KnowsHostsWithoutAKeyboard) {
  Facts facts;
  EXPECT_EQ(severity(facts, "keyboard"), Severity::problem);
  facts.serial_console = "ttyS0";
  EXPECT_EQ(severity(facts, "keyboard"), Severity::warning);
  // The controller is at the qube already.
  facts = given_away(Answer::ask);
  facts.keyboards.clear();
  facts.answers[0].keyboard = {};
  EXPECT_EQ(severity(facts, "keyboard"), Severity::warning);
  EXPECT_EQ(severity(facts, "policy"), Severity::problem);
  EXPECT_FALSE(says(finding_of(facts, "policy"), "ports="));
}

TEST(Doctor, WantsAPromptAgentForQuestions) {
  Facts facts = given_away(Answer::ask);
  EXPECT_EQ(severity(facts, "prompt"), Severity::ok);
  facts.prompt_agent = Presence::absent;
  EXPECT_EQ(severity(facts, "prompt"), Severity::warning);
  facts.answers = {answered(Answer::allow)};
  EXPECT_EQ(severity(facts, "prompt"), Severity::ok);
}

TEST(Doctor, TakesARegistryThatCannotBeReadForAProblem) {
  Facts facts;
  facts.keyboards = {ps2};
  facts.registry_problems = {"sys-usb.conf:1: nonsense"};
  EXPECT_EQ(severity(facts, "registry"), Severity::problem);
}

TEST(Doctor, ThinksOfTheDisk) {
  Facts facts;
  facts.keyboards = {usb};
  EXPECT_EQ(severity(facts, "disk"), Severity::ok);
  facts.boot.passphrase = Presence::present;
  EXPECT_EQ(severity(facts, "disk"), Severity::ok);
  facts.boot.usb = Boot::Usb::unauthorised;
  EXPECT_EQ(severity(facts, "disk"), Severity::problem);
  EXPECT_TRUE(says(finding_of(facts, "disk"), "/etc/sallyport/early-boot.conf"));
  facts.boot.early_conf = Presence::present;
  EXPECT_EQ(severity(facts, "disk"), Severity::problem);
  EXPECT_TRUE(says(finding_of(facts, "disk"), "/etc/initramfs-tools"));
  facts.boot.early_hook = Presence::present;
  EXPECT_EQ(severity(facts, "disk"), Severity::ok);
  facts.boot.hidden_controllers = {"0000:00:14.0"};
  EXPECT_EQ(severity(facts, "disk"), Severity::problem);
  facts.boot.hidden_controllers.clear();
  // The program cannot unhide what is bound to pciback.
  facts.boot.usb = Boot::Usb::hidden;
  EXPECT_EQ(severity(facts, "disk"), Severity::problem);
  EXPECT_TRUE(says(finding_of(facts, "disk"), "usbcore.authorized_default=0 instead"));
  facts.boot.usb = Boot::Usb::open;
  facts.boot.hidden_controllers = {"0000:00:14.0"};
  EXPECT_EQ(severity(facts, "disk"), Severity::problem);
  facts.keyboards.push_back(ps2);
  EXPECT_EQ(severity(facts, "disk"), Severity::ok);
}

TEST(Doctor, ReadsHowTheHostStarts) {
  const auto usb_of = [](const std::string& line) { return read_boot({.command_line = line}).usb; };
  const std::string line = "root=/dev/sda1 usbcore.authorized_default=0 quiet\n";
  EXPECT_EQ(usb_of(line), Boot::Usb::unauthorised);
  EXPECT_EQ(usb_of(line + " usbcore.authorized_default=1"), Boot::Usb::open);
  EXPECT_EQ(usb_of("rd.qubes.hide_all_usb " + line), Boot::Usb::hidden);
  const Boot hidden = read_boot({.command_line = "rd.qubes.hide_pci=00:14.0,0000:00:1d.0,x"});
  EXPECT_EQ(hidden.hidden_controllers, (std::vector<std::string>{"0000:00:14.0", "0000:00:1d.0"}));
  const auto passphrase = [](const char* crypttab) {
    return read_boot({.crypttab = crypttab}).passphrase == Presence::present;
  };
  EXPECT_TRUE(passphrase("# comment\nroot UUID=1 none luks\n"));
  EXPECT_TRUE(passphrase("root UUID=1"));
  EXPECT_TRUE(passphrase("swap /dev/sda2 /dev/urandom swap\nroot UUID=1 - luks"));
  EXPECT_FALSE(passphrase(""));
  EXPECT_FALSE(passphrase("#root UUID=1 none\n\nswap /dev/sda2 /dev/urandom swap"));
  EXPECT_EQ(serial_console("tty0 ttyS0\n"), "ttyS0");
  EXPECT_EQ(serial_console("tty0\n"), "");
  EXPECT_EQ(serial_console("ttyUSB0"), "");
}

TEST(Doctor, ThinksOfTheNextStart) {
  const auto usb_of = [](const BootFiles& files) { return read_boot(files).usb; };
  const std::string grub =
      "# GRUB_CMDLINE_LINUX=\"usbcore.authorized_default=0\"\nGRUB_TIMEOUT=5\n";
  EXPECT_EQ(usb_of({.grub = grub}), Boot::Usb::open);
  for (const char* line :
       {"GRUB_CMDLINE_LINUX=\"quiet usbcore.authorized_default=0\"",
        "GRUB_CMDLINE_LINUX_DEFAULT='usbcore.authorized_default=0'\nGRUB_CMDLINE_LINUX=\"\"\n"}) {
    EXPECT_EQ(usb_of({.command_line = "quiet", .grub = grub + line}), Boot::Usb::unauthorised);
  }
  EXPECT_EQ(usb_of({.kernel = "usbcore.authorized_default=0"}), Boot::Usb::unauthorised);
  EXPECT_EQ(usb_of({.command_line = "rd.qubes.hide_all_usb", .kernel = "quiet"}),
            Boot::Usb::hidden);
}

TEST(Doctor, ShowsALineForEachCheck) {
  const std::vector<Finding> findings = {
      {.check = "keyboard", .severity = Severity::ok, .found = "one", .remedy = {}},
      {.check = "policy", .severity = Severity::problem, .found = "two", .remedy = {"a", "b"}}};
  EXPECT_EQ(format_findings(findings),
            "ok       keyboard  one\n"
            "problem  policy    two\n"
            "                   -> a\n"
            "                   or b\n");
  EXPECT_EQ(
      findings_json(findings),
      R"({"ok":false,"findings":[{"check":"keyboard","severity":"ok","found":"one","remedy":[]},)"
      R"({"check":"policy","severity":"problem","found":"two","remedy":["a","b"]}]})"
      "\n");
}

TEST(Doctor, EscapesWhatADeviceCallsItself) {
  Facts facts;
  facts.keyboards = {ps2};
  facts.keyboards[0].name = "\x1b[2J";
  EXPECT_TRUE(says(finding_of(facts, "keyboard"), "\\x1b[2J"));
}

TEST(KeyBitmap, TellsKeyboardsFromTheRest) {
  using base::device::KeyBitmap;
  // An AT keyboard, a USB mouse, a power button, a numeric keypad, as kernels show them.
  const KeyBitmap keyboard("402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe\n");
  EXPECT_TRUE(keyboard.is_keyboard());
  EXPECT_TRUE(keyboard.has(KEY_Q));
  EXPECT_FALSE(keyboard.is_pointer());
  const KeyBitmap mouse("1f0000 0 0 0 0\n");
  EXPECT_FALSE(mouse.is_keyboard());
  EXPECT_TRUE(mouse.is_pointer());
  EXPECT_FALSE(KeyBitmap("10000000000000 0\n").is_keyboard());
  EXPECT_FALSE(KeyBitmap("ffc 0\n").is_keyboard());
  EXPECT_FALSE(KeyBitmap("7fc\n").is_keyboard());  // digits alone
  for (const char* none : {"", "\n", "x", "0x1", "fffffffffffffffff", " 1", "-1"}) {
    EXPECT_FALSE(KeyBitmap(none).is_keyboard()) << none;
    EXPECT_FALSE(KeyBitmap(none).has(0)) << none;
  }
  std::string endless = "fffffffffffffffe";
  for (int i = 0; i < 100; ++i) endless += " ffffffffffffffff";
  EXPECT_FALSE(KeyBitmap(endless).is_keyboard());
  EXPECT_FALSE(keyboard.has(100000));
}

}  // namespace
}  // namespace cli::doctor
