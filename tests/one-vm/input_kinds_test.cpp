// SPDX-License-Identifier: GPL-2.0-or-later
// Input devices of many kinds, from evdev in sys-usb to libinput in dom0: each comes out as what it
// is, as far as its service lets it.
#include <linux/input-event-codes.h>

#include <set>

#include "input-proxy/accepted.hpp"
#include "tests/one-vm/input_devices.hpp"
#include "tests/one-vm/inputs.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

const std::string guest = build + "/tests/bin/input_guest";

inputproxy::Accepted accepted_for(const std::string& forwarded) {
  const std::string service = forwarded == "tablet"  ? "qubes.InputTablet"
                              : forwarded == "mouse" ? "qubes.InputMouse"
                                                     : "qubes.InputKeyboard";
  return *inputproxy::accepted_by(service);
}

class InputKinds : public Inputs {
 protected:
  // What dom0's device can do is what the service lets of what the near one can.
  static void expect_same(const InputKind& kind, inputproxy::Accepted accepted) {
    const auto passed = inputproxy::accept(kind.device, accepted, inputproxy::all_features);
    ASSERT_TRUE(passed) << passed.error().text;
    const auto there = vm().run(guest + " describe 'sys-usb: Test " + kind.name + "'");
    ASSERT_TRUE(there.ok()) << there;
    EXPECT_EQ(there.out, greeting_in_hex(*passed) + "\n");
  }

  // As a boot does it: what is plugged in already is told to udev too.
  static void start_udevd() {
    const auto started = vm().run(
        "/lib/systemd/systemd-udevd --daemon && udevadm control --ping && "
        "udevadm trigger --subsystem-match=input && udevadm settle",
        seconds(60));
    ASSERT_TRUE(started.ok()) << started;
  }
  static void stop_udevd() { vm().run("udevadm control --exit; rm -f /run/udev/control"); }

  // libinput's own tool at the forwarded device of that name.
  static void start_libinput(const std::string& name) {
    ASSERT_TRUE(wait_forwarded(name).ok()) << input_logs();
    const auto found =
        vm().run("mkdir -p /run/test; udevadm settle; n=$(grep -A4 -F 'Name=\"sys-usb: " + name +
                 "\"' /proc/bus/input/devices | grep -o 'event[0-9]*' | head -1); echo $n > "
                 "/run/test/node; rm -f /run/rig/libinput.log");
    ASSERT_TRUE(found.ok()) << found;
    start_process("libinput",
                  "exec stdbuf -oL libinput debug-events --show-keycodes --device /dev/input/$(cat "
                  "/run/test/node)");
    ASSERT_TRUE(vm().wait_until("grep -q DEVICE_ADDED /run/rig/libinput.log", seconds(20)).ok())
        << vm().run("cat /run/rig/libinput.log; udevadm info /dev/input/$(cat /run/test/node)");
  }
  static void expect_seen(const std::string& event) {
    EXPECT_TRUE(vm().wait_until("grep -qE '" + event + "' /run/rig/libinput.log", seconds(10)).ok())
        << vm().run("cat /run/rig/libinput.log");
    kill_process("libinput", "KILL");
  }
  static boost::json::object moved(const char* how, const char* axis, int value) {
    boost::json::object data;
    data["axis"] = axis;
    data["value"] = value;
    boost::json::object event;
    event["type"] = how;
    event["data"] = std::move(data);
    return event;
  }
  static boost::json::object pressed(const char* button, bool down) {
    boost::json::object data;
    data["button"] = button;
    data["down"] = down;
    boost::json::object event;
    event["type"] = "btn";
    event["data"] = std::move(data);
    return event;
  }
  static void send(std::initializer_list<boost::json::object> events) {
    boost::json::array list;
    for (const auto& each : events) list.push_back(each);
    const auto sent = vm().qmp("input-send-event", {{"events", std::move(list)}});
    ASSERT_TRUE(sent) << sent.error().text;
  }
};

TEST_F(InputKinds, TwentyKindsComeOutAsWhatTheyAre) {
  watch("usb-test", unpaired);
  for (const InputKind& kind : input_kinds()) {
    SCOPED_TRACE(kind.name);
    const std::string ended = "grep -c input_call_ended /run/rig/watch.log";
    const auto before = vm().run(ended);
    plug(kind.name, "1");
    const std::string name = "Test " + kind.name;
    if (kind.refused) {
      const auto refused = vm().wait_until(
          "[ $(" + ended + ") -gt " + std::to_string(std::stoi(before.out)) + " ]", seconds(20));
      EXPECT_TRUE(refused.ok()) << input_logs();
      EXPECT_FALSE(forwarded(name));
    } else if (kind.forwarded.empty()) {  // nobody is called
      vm().run("sleep 3");
      EXPECT_FALSE(forwarded(name));
      EXPECT_EQ(vm().run(ended).out, before.out);
    } else {
      EXPECT_TRUE(wait_forwarded(name).ok()) << input_logs();
      expect_same(kind, accepted_for(kind.forwarded));
    }
    unplug("1");
    EXPECT_TRUE(wait_not_forwarded(name).ok());
  }
}

TEST_F(InputKinds, GameControllersPassIfTheRuleSaysSo) {
  const std::string rule = "qubes.InputKeyboard * sys-usb dom0 allow pair=no";
  watch("usb-test", rule + "\n");
  plug("gamepad", "1");
  // The receiver says no, and dom0 says so again when it is called anew.
  const auto refused = vm().wait_until("grep -q 'code=126' /run/rig/watch.log", seconds(20));
  EXPECT_TRUE(refused.ok()) << input_logs();
  EXPECT_FALSE(forwarded("Test gamepad"));
  unplug("1");
  set_policy(rule + " games=yes\n");
  // At another port: there it was refused.
  for (const InputKind& kind : input_kinds()) {
    if (kind.name != "gamepad" && kind.name != "joystick" && kind.name != "steering wheel")
      continue;
    SCOPED_TRACE(kind.name);
    plug(kind.name, "2");
    ASSERT_TRUE(wait_forwarded("Test " + kind.name).ok()) << input_logs();
    inputproxy::Accepted accepted = accepted_for(kind.forwarded);
    accepted.games = true;
    expect_same(kind, accepted);
    if (kind.name == "gamepad") {
      start_reading("Test gamepad");
      play("2", "10 3 0 -32768\n0 3 17 1\n0 1 304 1\n0 0 0 0\n");
      EXPECT_EQ(what_was_read(), "3 0 -32768\n3 17 1\n1 304 1\n0 0 0\n");
    }
    unplug("2");
    EXPECT_TRUE(wait_not_forwarded("Test " + kind.name).ok());
  }
}

// What a desktop makes of the forwarded device.
struct Seen {
  const char* kind;
  const char* script;
  const char* event;  // of libinput debug-events, that must come
};
constexpr const char* key_script = "10 1 30 1\n0 0 0 0\n90 1 30 0\n0 0 0 0\n";
constexpr const char* motion_script = "10 2 0 9\n0 2 1 3\n0 0 0 0\n";
constexpr const char* pen_script =
    "10 1 320 1\n0 3 0 5000\n0 3 1 5000\n0 0 0 0\n20 3 24 4000\n0 1 330 1\n0 3 0 5100\n0 0 0 0\n";
const std::vector<Seen>& seen_by_libinput() {
  static const std::vector<Seen> all{
      {"keyboard", key_script, "KEYBOARD_KEY.*KEY_A .*pressed"},
      {"media keyboard", "10 1 113 1\n0 0 0 0\n90 1 113 0\n0 0 0 0\n", "KEY_MUTE .*pressed"},
      {"number pad", "10 1 71 1\n0 0 0 0\n90 1 71 0\n0 0 0 0\n", "KEY_KP7 .*pressed"},
      {"remote control", "10 1 352 1\n0 0 0 0\n90 1 352 0\n0 0 0 0\n", "KEY_OK .*pressed"},
      {"barcode reader", "10 1 2 1\n0 0 0 0\n90 1 2 0\n0 0 0 0\n", "KEY_1 .*pressed"},
      {"keyboard with a trackpoint", key_script, "KEYBOARD_KEY.*KEY_A .*pressed"},
      {"keyboard with a trackpoint", motion_script, "POINTER_MOTION "},
      {"mouse", motion_script, "POINTER_MOTION "},
      {"mouse", "10 1 272 1\n0 0 0 0\n90 1 272 0\n0 0 0 0\n", "POINTER_BUTTON.*BTN_LEFT"},
      {"high resolution mouse", "10 2 8 -1\n0 2 11 -120\n0 0 0 0\n", "POINTER_SCROLL_WHEEL.*120"},
      {"pointing stick", motion_script, "POINTER_MOTION "},
      {"absolute mouse", "10 3 0 9000\n0 3 1 3000\n0 0 0 0\n", "POINTER_MOTION_ABSOLUTE"},
      {"touch screen", "10 3 0 900\n0 3 1 900\n0 1 330 1\n0 0 0 0\n90 1 330 0\n0 0 0 0\n",
       "TOUCH_DOWN"},
      {"multitouch screen",
       "10 3 47 0\n0 3 57 1\n0 3 53 900\n0 3 54 900\n0 3 0 900\n0 3 1 900\n0 1 330 1\n0 0 0 0\n"
       "5 3 47 1\n0 3 57 2\n0 3 53 1900\n0 3 54 1900\n0 0 0 0\n90 3 57 -1\n0 0 0 0\n",
       "TOUCH_DOWN.*1 \\(1\\)"},
      {"touchpad",
       "10 3 47 0\n0 3 57 1\n0 3 53 900\n0 3 54 900\n0 3 24 90\n0 3 0 900\n0 3 1 900\n0 1 330 1\n"
       "0 1 325 1\n0 0 0 0\n20 3 53 1100\n0 3 0 1100\n0 0 0 0\n20 3 53 1400\n0 3 0 1400\n0 0 0 0\n"
       "20 3 53 1800\n0 3 0 1800\n0 0 0 0\n20 3 53 2300\n0 3 0 2300\n0 0 0 0\n",
       "POINTER_MOTION "},
      {"old touchpad",
       "10 3 0 2500\n0 3 1 2500\n0 1 330 1\n0 1 325 1\n0 0 0 0\n20 3 0 2700\n0 0 0 0\n"
       "20 3 0 3000\n0 0 0 0\n20 3 0 3400\n0 0 0 0\n20 3 0 3900\n0 0 0 0\n",
       "POINTER_MOTION "},
      {"pen tablet", pen_script, "TABLET_TOOL_TIP"},
      {"pen display", pen_script, "TABLET_TOOL_TIP"},
  };
  return all;
}

TEST_F(InputKinds, LibinputSeesWhatWasPlayedOnEachKind) {
  std::set<std::string> kinds;
  for (const Seen& seen : seen_by_libinput()) kinds.insert(seen.kind);
  for (const InputKind& kind : input_kinds()) {
    EXPECT_EQ(kinds.contains(kind.name), !kind.forwarded.empty() && !kind.refused) << kind.name;
  }
  start_udevd();
  watch("usb-test", unpaired);
  std::string plugged;
  for (const Seen& seen : seen_by_libinput()) {
    SCOPED_TRACE(std::string(seen.kind) + ": " + seen.event);
    if (plugged != seen.kind) {
      if (!plugged.empty()) unplug("1");
      plug(seen.kind, "1");
      plugged = seen.kind;
    }
    start_libinput("Test " + plugged);
    play("1", seen.script);
    expect_seen(seen.event);
  }
  stop_udevd();
}

TEST_F(InputKinds, EmulatedMouseAndPenTabletComeOutAsWhatTheyAre) {
  ASSERT_TRUE(vm().run("modprobe wacom", seconds(60)).ok());
  watch("usb-0000", unpaired);
  for (const auto& [driver, name] : {std::pair{"usb-mouse", "QEMU QEMU USB Mouse"},
                                     std::pair{"usb-wacom-tablet", "Wacom Penpartner Pen"}}) {
    SCOPED_TRACE(driver);
    ASSERT_TRUE(vm().qmp(
        "device_add", {{"driver", driver}, {"id", "pointer"}, {"bus", "xhci.0"}, {"port", "4"}}));
    EXPECT_TRUE(wait_forwarded(name).ok()) << input_logs();
    const auto same = vm().run(
        "caps() { for f in /sys/class/input/event*/device; do [ \"$(cat $f/name)\" = \"$1\" ] && "
        "cat $f/capabilities/rel $f/capabilities/key $f/properties; done; }; "
        "caps '" +
        std::string(name) + "' > /run/test-near; caps 'sys-usb: " + std::string(name) +
        "' > /run/test-far; test -s /run/test-far && diff /run/test-near /run/test-far");
    EXPECT_TRUE(same.ok()) << same;
    ASSERT_TRUE(vm().qmp("device_del", {{"id", "pointer"}}));
    EXPECT_TRUE(wait_not_forwarded(name).ok()) << input_logs();
  }
}

TEST_F(InputKinds, LibinputSeesTheEmulatedDevices) {
  start_udevd();
  watch("usb-0000", unpaired);
  start_libinput("QEMU QEMU USB Keyboard");
  press("a");
  expect_seen("KEYBOARD_KEY.*KEY_A .*pressed");
  start_libinput("QEMU QEMU USB Tablet");
  send({moved("abs", "x", 20000), moved("abs", "y", 10000)});
  expect_seen("POINTER_MOTION_ABSOLUTE");
  const auto plugged = vm().qmp(
      "device_add", {{"driver", "usb-mouse"}, {"id", "pointer"}, {"bus", "xhci.0"}, {"port", "4"}});
  ASSERT_TRUE(plugged) << plugged.error().text;
  start_libinput("QEMU QEMU USB Mouse");
  send({moved("rel", "x", 9)});
  expect_seen("POINTER_MOTION ");
  ASSERT_TRUE(vm().qmp("device_del", {{"id", "pointer"}}));
  EXPECT_TRUE(wait_not_forwarded("QEMU QEMU USB Mouse").ok()) << input_logs();
  ASSERT_TRUE(vm().run("modprobe wacom", seconds(60)).ok());
  const auto pen =
      vm().qmp("device_add",
               {{"driver", "usb-wacom-tablet"}, {"id", "pen"}, {"bus", "xhci.0"}, {"port", "4"}});
  ASSERT_TRUE(pen) << pen.error().text;
  start_libinput("Wacom Penpartner Pen");
  send({moved("abs", "x", 20000), moved("abs", "y", 10000)});
  // The tablet tells only how things stand when it is asked: a tip that is up again was never down.
  send({pressed("left", true), moved("abs", "x", 21000)});
  expect_seen("TABLET_TOOL_TIP.*down");
  send({pressed("left", false)});
  ASSERT_TRUE(vm().qmp("device_del", {{"id", "pen"}}));
  EXPECT_TRUE(wait_not_forwarded("Wacom Penpartner Pen").ok()) << input_logs();
  stop_udevd();
}

// A mouse that clicks, and a receiver that stands still for a fifth of each second: clicks in
// order, none lost, none invented, and the pointer ends where it should; so do touches. ./check
// soak has a million of them at 8,000 a second, and so has ./bench input.
TEST_F(InputKinds, EventsArriveInOrderBehindASlowReceiver) {
  const int events = rounds(1'000'000, 40'000);
  const int rate = rounds(8000, 2000);
  const auto done = vm().run(build + "/tests/bin/bench_input_guest proxy " + build + "/bin flood " +
                                 std::to_string(events) + " " + std::to_string(rate) + " 200",
                             std::chrono::minutes(20));
  EXPECT_TRUE(done.ok()) << done;
  std::cout << done.out;
}

}  // namespace
}  // namespace onevm
