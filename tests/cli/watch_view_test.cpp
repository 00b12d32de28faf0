// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/watch_view.hpp"

#include "tests/cli/device_run_fixture.hpp"

namespace cli {
namespace {

const std::string watch_time = "2026-11-23 08:30:01";

AdminEvent told_event(std::string subject, std::string name, base::device::Properties facts = {}) {
  return {.subject = std::move(subject), .name = std::move(name), .facts = std::move(facts)};
}

class WatchViewTest : public DeviceRunTest {
 protected:
  std::string line(const Words& words, const AdminEvent& event) {
    const auto command = parse_device_command("qvm-usb", words, 80);
    EXPECT_TRUE(command.has_value());
    const Admin admin = [this](const AdminCall& call) { return reply(call); };
    return WatchView(*command, admin).line_of(event, watch_time);
  }
  Outcome present(const Words& words) {
    const auto command = parse_device_command("qvm-usb", words, 80);
    const Admin admin = [this](const AdminCall& call) { return reply(call); };
    return WatchView(*command, admin).present(watch_time);
  }
};

TEST_F(WatchViewTest, SaysWhatHappens) {
  const Words watch{"watch"};
  EXPECT_EQ(
      line(watch, told_event("sys-usb", "device-added:usb", {{"device", "sys-usb:2-1:a:b:c:d"}})),
      watch_time + "  added  sys-usb:2-1  USB_Storage: Kingston Stick\n");
  EXPECT_EQ(line(watch, told_event("sys-usb", "device-added:usb", {{"device", "sys-usb:9-9"}})),
            watch_time + "  added  sys-usb:9-9\n");
  EXPECT_EQ(line(watch, told_event("sys-usb", "device-removed:usb", {{"port", "sys-usb:2-1"}})),
            watch_time + "  removed  sys-usb:2-1\n");
  EXPECT_EQ(line(watch, told_event("work", "device-attach:usb",
                                   {{"device", "sys-usb+2-1:a:b:c:d"}, {"options", "{}"}})),
            watch_time + "  attach  sys-usb:2-1  work\n");
  EXPECT_EQ(line(watch, told_event("work", "device-assignment-changed:usb",
                                   {{"device", "sys-usb:2-1"}, {"old", "a"}, {"new", "b"}})),
            watch_time + "  assignment-changed  sys-usb:2-1  work  (old=a, new=b)\n");
  EXPECT_EQ(line(watch, told_event("work", "device-detach:usb", {{"port", "sys-usb:2-1"}})),
            watch_time + "  detach  sys-usb:2-1  work\n");
  EXPECT_EQ(line(watch, told_event("wo\x1brk", "device-detach:usb", {{"port", "s:\x1b"}})),
            watch_time + "  detach  s:\\x1b  wo\\x1brk\n");
}

TEST_F(WatchViewTest, LeavesOutWhatWasNotAsked) {
  const base::device::Properties device{{"device", "sys-usb:2-1:a:b:c:d"}};
  for (const char* name :
       {"connection-established", "domain-start", "device-attach:block", "device-pre-attach:usb",
        "device-list-change:usb", "device-:usb2", "device-usb", ":usb", "device:usb"}) {
    EXPECT_EQ(line({"watch"}, told_event("work", name, device)), "") << name;
  }
  const AdminEvent attach = told_event("work", "device-attach:usb", device);
  EXPECT_EQ(line({"watch", "vault"}, attach), "");
  EXPECT_NE(line({"watch", "wor*"}, attach), "");
  EXPECT_NE(line({"watch", "vault", "sys-usb"}, attach), "");
}

TEST_F(WatchViewTest, SpeaksJson) {
  EXPECT_EQ(
      line({"watch", "--json"}, told_event("work", "device-assign:usb",
                                           {{"device", "sys-usb:*:a:b:c:d"}, {"mode", "auto"}})),
      R"({"event":"assign","time":"2026-11-23 08:30:01","class":"usb","qube":"work",)"
      R"("backend":"sys-usb","port_id":"*","device_id":"a:b:c:d","facts":{"mode":"auto"}})"
      "\n");
  const std::string added = line(
      {"watch", "--json"}, told_event("sys-usb", "device-added:usb", {{"device", "sys-usb:2-1"}}));
  EXPECT_NE(added.find(R"("device":{"kind":"device")"), std::string::npos) << added;
}

TEST_F(WatchViewTest, BeginsWithTheList) {
  EXPECT_EQ(present({"watch"}).out, "sys-usb:2-1  USB_Storage: Kingston Stick  \n");
  EXPECT_EQ(present({"watch", "w*"}).out, "");
  EXPECT_EQ(present({"watch", "nosuch"}).code, 2);
  EXPECT_EQ(present({"watch", "--json", "nosuch"}).code, 2);
  EXPECT_EQ(present({"watch", "--json", "work"}).out,
            "{\"event\":\"list\",\"time\":\"" + watch_time + "\",\"devices\":[]}\n");
  available_ = refusal("QubesNoSuchMethodError", "no");
  EXPECT_EQ(present({"watch", "--json"}).code, 1);
}

}  // namespace
}  // namespace cli
