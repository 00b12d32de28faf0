// SPDX-License-Identifier: GPL-2.0-or-later
// The registry file of a qube: what is read, what is refused, and what the refusal says.
#include "base/config/qube_config.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using base::config::parse_qube_config;
using base::config::Role;
using base::config::Transport;
using base::config::valid_qube_name;

std::string refusal(std::string_view text, std::string_view name = "work") {
  const auto config = parse_qube_config(name, text, "work.conf");
  return config ? "accepted" : config.error().text;
}

TEST(QubeName, TakesQubesAlphabet) {
  EXPECT_TRUE(valid_qube_name("work"));
  EXPECT_TRUE(valid_qube_name("sys-usb"));
  EXPECT_TRUE(valid_qube_name("A_0-"));
  EXPECT_TRUE(valid_qube_name(std::string(31, 'a')));
}

TEST(QubeName, RefusesWhatCouldBeAPathAnOptionOrDom0) {
  for (const std::string_view name : {"", "dom0", "work-dm", "-work", "_a", "0day", "a/b", "..",
                                      "a.b", "a b", "a\n", "\xc3\xa4"}) {
    EXPECT_FALSE(valid_qube_name(name)) << name;
  }
  EXPECT_FALSE(valid_qube_name(std::string(32, 'a')));
  EXPECT_FALSE(valid_qube_name(std::string_view("a\0b", 3)));
}

TEST(QubeConfig, EmptyFileMeansTheDefaults) {
  const auto config = parse_qube_config("work", "", "work.conf");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->name, "work");
  EXPECT_EQ(config->label, "red");
  EXPECT_EQ(config->type, "AppVM");
  EXPECT_EQ(config->transport, Transport::unix_socket);
  EXPECT_EQ(config->memory_mib, 384U);
  EXPECT_EQ(config->image, "work");
  EXPECT_TRUE(config->tags.empty());
  EXPECT_TRUE(config->disks.empty());
  EXPECT_TRUE(config->controllers.empty());
}

TEST(QubeConfig, ReadsEveryKey) {
  const auto config = parse_qube_config("usb1",
                                        "# the qube with the controllers\r\n"
                                        "label = blue\n"
                                        "type=DispVM   # reborn often\n"
                                        "tags = usb  no-net\n"
                                        "\n"
                                        "transport = vsock\n"
                                        "cid = 42\n"
                                        "memory = 512\n"
                                        "image = sys-usb\n"
                                        "disks = /var/a.img /var/b.img\n"
                                        "controllers = 0000:00:14.0 emulated\n"
                                        "uuid = 0a1b2c3d-0000-4000-8000-00000000000f\n"
                                        "template_for_dispvms = yes\n"
                                        "default_dispvm = dvm\n"
                                        "internal = yes\n",
                                        "usb1.conf");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->label, "blue");
  EXPECT_EQ(config->type, "DispVM");
  EXPECT_EQ(config->tags, (std::vector<std::string>{"usb", "no-net"}));
  EXPECT_EQ(config->transport, Transport::vsock);
  EXPECT_EQ(config->cid, 42U);
  EXPECT_EQ(config->memory_mib, 512U);
  EXPECT_EQ(config->image, "sys-usb");
  EXPECT_EQ(config->disks, (std::vector<std::string>{"/var/a.img", "/var/b.img"}));
  EXPECT_EQ(config->controllers, (std::vector<std::string>{"0000:00:14.0", "emulated"}));
  EXPECT_EQ(config->uuid, "0a1b2c3d-0000-4000-8000-00000000000f");
  EXPECT_TRUE(config->template_for_dispvms);
  EXPECT_EQ(config->default_dispvm, "dvm");
  EXPECT_TRUE(config->internal);
}

TEST(QubeConfig, RefusesFactsThatPolicyCouldNotUse) {
  for (const std::string_view value :
       {"", "0A1B2C3D-0000-4000-8000-00000000000F", "0a1b2c3d00004000800000000000000f",
        "00000000-0000-0000-0000-000000000000", "0a1b2c3d-0000-4000-8000-00000000000",
        "0a1b2c3d-0000-4000-8000-00000000000f0", "0a1b2c3g-0000-4000-8000-00000000000f"}) {
    EXPECT_NE(refusal("uuid = " + std::string(value)), "accepted") << value;
  }
  EXPECT_NE(refusal("default_dispvm = dom0"), "accepted");
  EXPECT_NE(refusal("default_dispvm = a b"), "accepted");
  EXPECT_EQ(refusal("template_for_dispvms = True"), "work.conf:1: 'True' is none of: yes no");
  EXPECT_EQ(refusal("internal = 1"), "work.conf:1: '1' is none of: yes no");
}

TEST(QubeConfig, NamesFileLineFaultAndRemedy) {
  EXPECT_EQ(refusal("\nlabel = pink\n"),
            "work.conf:2: 'pink' is none of: red orange yellow green gray blue purple black");
  EXPECT_EQ(refusal("memory 5"), "work.conf:1: no '=' in 'memory 5'; a line is KEY = VALUE");
  EXPECT_EQ(refusal("memory = 63"), "work.conf:1: '63' is not a number from 64 to 65536");
  EXPECT_EQ(refusal("label=red\nlabel=red"), "work.conf:2: key 'label' is given twice; keep one");
  EXPECT_EQ(refusal("transport = vsock"),
            "work.conf: transport = vsock needs a cid; add for example: cid = 42");
  EXPECT_EQ(refusal("colour = red"),
            "work.conf:1: unknown key 'colour'; known are: label type tags transport role user "
            "cid memory image disks controllers uuid default_dispvm template_for_dispvms internal");
}

TEST(QubeConfig, RefusesNumbersThatAreNotWholeOrFit) {
  for (const std::string_view value :
       {"", "-1", "+64", "64M", "0x40", "64 65", "65537", "99999999999999999999", "64.0"}) {
    EXPECT_NE(refusal("memory = " + std::string(value)), "accepted") << value;
  }
  for (const std::string_view value : {"0", "1", "2", "4294967295"}) {
    EXPECT_NE(refusal("cid = " + std::string(value)), "accepted") << value;
  }
}

TEST(QubeConfig, RefusesWhatWouldBecomeAnotherOptionOfQemu) {
  EXPECT_NE(refusal("disks = /a,readonly=off"), "accepted");
  EXPECT_NE(refusal("disks = a.img"), "accepted");
  EXPECT_NE(refusal("disks = /a /a"), "accepted");
  EXPECT_NE(refusal("controllers = 00:14.0"), "accepted");
  EXPECT_NE(refusal("controllers = 0000:00:14.8"), "accepted");
  EXPECT_NE(refusal("controllers = 0000:00:14.0,x-no-mmap=on"), "accepted");
  EXPECT_NE(refusal("controllers = emulated emulated"), "accepted");
  EXPECT_NE(refusal("image = ../../etc"), "accepted");
  EXPECT_NE(refusal("image = a/b"), "accepted");
  EXPECT_NE(refusal("image ="), "accepted");
}

TEST(QubeConfig, AQubeWithoutAMachineIsSomebodysAgent) {
  const auto config = parse_qube_config(
      "sys-snapshot", "transport = local\nuser = sallyport-snapshot\nrole = storage\n",
      "sys-snapshot.conf");
  ASSERT_TRUE(config.has_value()) << config.error().text;
  EXPECT_EQ(config->transport, Transport::local);
  EXPECT_EQ(config->user, "sallyport-snapshot");
  EXPECT_EQ(config->role, Role::storage);
  EXPECT_NE(refusal("transport = local"), "accepted");
  EXPECT_NE(refusal("user = sallyport-snapshot"), "accepted");
  EXPECT_NE(refusal("transport = local\nuser = a b"), "accepted");
  EXPECT_NE(refusal("role = keeper"), "accepted");
}

TEST(QubeConfig, EscapesWhatItQuotes) {
  EXPECT_EQ(refusal("label = \x1b[2J"),
            "work.conf:1: '\\x1b[2J' is none of: red orange yellow green gray blue purple black");
}

TEST(QubeConfig, RefusesNamesAndTooManyWords) {
  EXPECT_NE(refusal("", "dom0"), "accepted");
  std::string disks = "disks =";
  for (int i = 0; i < 33; ++i) disks += " /" + std::to_string(i);
  EXPECT_NE(refusal(disks), "accepted");
}

TEST(QubeConfig, EveryShorterInputEndsInAValueOrAnError) {
  const std::string whole = "label = blue\ntransport = vsock\ncid = 42\ndisks = /a /b\n# end\n";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto config = parse_qube_config("work", whole.substr(0, size), "work.conf");
    if (!config) {
      EXPECT_TRUE(config.error().text.starts_with("work.conf")) << config.error().text;
    }
  }
}

}  // namespace
