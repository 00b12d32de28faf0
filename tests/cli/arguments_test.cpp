// SPDX-License-Identifier: GPL-2.0-or-later
// The expected texts are argparse's own, for the same tables.
#include "cli/arguments.hpp"

#include <gtest/gtest.h>

#include "cli/device_command.hpp"

namespace cli {
namespace {

std::string error_of(const Words& words) {
  const auto command = parse_device_command("/usr/bin/qvm-usb", words, 80);
  if (command) return "no error";
  EXPECT_EQ(command.error().out, "");
  const std::string& text = command.error().err;
  const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
  return std::to_string(command.error().code) + " " + last.substr(0, last.size() - 1);
}

DeviceCommand command_of(const Words& words, std::string_view program = "qvm-usb") {
  auto command = parse_device_command(program, words, 80);
  EXPECT_TRUE(command.has_value()) << (command ? "" : command.error().err);
  return command ? *command : DeviceCommand{};
}

TEST(Usage, IsLaidOutAsArgparseDoes) {
  EXPECT_EQ(format_usage(verb_spec("qvm-usb", "list"), 80),
            "usage: qvm-usb list [--verbose] [--quiet] [--help] [--version] [--assignments]\n"
            "                    [--with-sbdf] [--all] [--exclude EXCLUDE]\n"
            "                    [VMNAME ...]\n");
  EXPECT_EQ(format_usage(verb_spec("qvm-usb", "detach"), 80),
            "usage: qvm-usb detach [--verbose] [--quiet] [--help] [--version]\n"
            "                      VMNAME [BACKEND:DEVICE_ID]\n");
  EXPECT_EQ(format_usage(verb_spec("qvm-usb", "info"), 80),
            "usage: qvm-usb info [--verbose] [--quiet] [--help] [--version]\n"
            "                    BACKEND:DEVICE_ID\n");
  EXPECT_EQ(format_usage(verb_spec("qvm-usb", "info"), 200),
            "usage: qvm-usb info [--verbose] [--quiet] [--help] [--version] BACKEND:DEVICE_ID\n");
  EXPECT_EQ(format_usage(device_spec("qvm-device"), 80),
            "usage: qvm-device [--verbose] [--quiet] [--help] [--version]\n"
            "                  [--list-device-classes]\n"
            "                  DEVICE_CLASS\n"
            "                  {list,ls,l,attach,at,a,detach,d,dt,assign,s,unassign,u,info,i}\n"
            "                  ...\n");
}

TEST(ArgumentErrors, AreArgparses) {
  EXPECT_EQ(error_of({"attach", "--o"}),
            "2 qvm-usb attach: error: argument --option/-o: expected one argument");
  EXPECT_EQ(error_of({"attach", "-o", "-v", "a", "b:c"}),
            "2 qvm-usb attach: error: argument --option/-o: expected one argument");
  EXPECT_EQ(error_of({"attach", "-vx", "a", "b"}),
            "2 qvm-usb attach: error: argument --verbose/-v: ignored explicit argument 'x'");
  EXPECT_EQ(error_of({"list", "--a"}),
            "2 qvm-usb list: error: ambiguous option: --a could match --assignments, --all");
  EXPECT_EQ(error_of({"attach"}),
            "2 qvm-usb attach: error: the following arguments are required: VMNAME, "
            "BACKEND:DEVICE_ID");
  EXPECT_EQ(error_of({"assign", "--ask", "-r", "a", "b:c"}),
            "2 qvm-usb assign: error: argument --required/-r: not allowed with argument "
            "--ask/--ask-to-attach");
  EXPECT_EQ(error_of({"unassign", "--port", "--only-device", "a"}),
            "2 qvm-usb unassign: error: argument --device/--only-device: not allowed with "
            "argument --port/--only-port");
  EXPECT_EQ(error_of({"attach", "--ro=3", "a", "b"}),
            "2 qvm-usb attach: error: argument --ro: ignored explicit argument '3'");
  EXPECT_EQ(error_of({"list", "--bogus", "--foo"}),
            "2 qvm-usb: error: unrecognized arguments: --bogus --foo");
  EXPECT_EQ(error_of({"detach", "a", "b", "c", "d"}),
            "2 qvm-usb: error: unrecognized arguments: c d");
  EXPECT_EQ(error_of({"list", "--exclude", "work"}),
            "2 qvm-usb: error: --exclude can only be used with --all");
  EXPECT_EQ(error_of({"attach", "-o", "x", "a", "b:c"}),
            "1 qvm-usb: error: expected NAME=VALUE after --option, got x");
}

TEST(Arguments, AreUnderstoodInEveryForm) {
  const DeviceCommand attach =
      command_of({"-v", "at", "-vo", "a=b", "--opt=ro=TRUE", "--option", "ro=0", "work", "s:1-1"});
  EXPECT_EQ(attach.action, DeviceAction::attach);
  EXPECT_EQ(attach.verbosity, 2);
  EXPECT_EQ(attach.qubes, Words{"work"});
  EXPECT_EQ(attach.device, "s:1-1");
  EXPECT_EQ(attach.options, (base::device::Properties{{"a", "b"}, {"read-only", "no"}}));
  EXPECT_EQ(command_of({"a", "--ro", "work", "s:1-1"}).options,
            (base::device::Properties{{"read-only", "yes"}}));
  EXPECT_EQ(command_of({"d", "--", "-work"}).qubes, Words{"-work"});
}

TEST(Arguments, WithoutCommandMeanList) {
  EXPECT_EQ(command_of({}).action, DeviceAction::list);
  EXPECT_EQ(command_of({"-q"}).verbosity, -1);
}

TEST(Arguments, TakeTheClassFromTheName) {
  EXPECT_EQ(command_of({}, "/usr/bin/qvm-block").device_class, "block");
  EXPECT_EQ(command_of({"usb", "ls"}, "qvm-device").device_class, "usb");
  EXPECT_FALSE(parse_device_command("qvm-device", {}, 80).has_value());
  EXPECT_FALSE(parse_device_command("qvm-device", {"u.b"}, 80).has_value());
  EXPECT_FALSE(parse_device_command("tool", {}, 80).has_value());
}

TEST(Help, NeedsNothingElse) {
  for (const Words& words : {Words{"--help"}, Words{"attach", "-h"}, Words{"info", "--help"}}) {
    const auto command = parse_device_command("qvm-usb", words, 80);
    ASSERT_FALSE(command.has_value());
    EXPECT_EQ(command.error().code, 0);
    EXPECT_TRUE(command.error().out.starts_with("usage: qvm-usb"));
  }
}

TEST(PythonRepr, QuotesAsPythonDoes) {
  EXPECT_EQ(python_repr("a"), "'a'");
  EXPECT_EQ(python_repr("a'b"), "\"a'b\"");
  EXPECT_EQ(python_repr("a'\"b"), "'a\\'\"b'");
  EXPECT_EQ(python_repr("\x1b\\"), "'\\x1b\\\\'");
}

}  // namespace
}  // namespace cli
