// SPDX-License-Identifier: GPL-2.0-or-later
// Honest devices used through usbproxy by the drivers and programs that are theirs: QEMU's, on
// xHCI, EHCI and UHCI. What goes in on one side comes out on the other, byte for byte.
#include <sys/socket.h>

#include <boost/json/serialize.hpp>
#include <fstream>
#include <optional>
#include <random>

#include "base/io/unix_socket.hpp"
#include "tests/one-vm/one_vm.hpp"
#include "tests/one-vm/smart_card.hpp"
#include "tests/one-vm/usb_pair.hpp"
#include "tests/rig/shared_machine.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr unsigned medium_kib = 2048;
const std::string reader = build + "/tests/bin/input_guest read ";
const std::string below_vhci = "/sys/devices/platform/vhci_hcd.0/usb*/*-*";

// A controller's port.
struct Port {
  const char* name;
  const char* bus;
  const char* number;
};
constexpr Port xhci{"xhci", "xhci.0", "1"};
constexpr Port xhci_high{"xhci_high", "xhci.0", "6"};  // has no SuperSpeed half
constexpr Port ehci{"ehci", "ehci.0", "1"};
constexpr Port uhci{"uhci", "uhci.0", "1"};

base::Result<rig::MachineOptions> with_controllers(const std::filesystem::path& folder) {
  std::filesystem::create_directory(folder / "player");
  rig::MachineOptions options;
  options.name = "honest-use";
  options.kernel_arguments = "no_timer_check";
  options.arguments = {"-device", "qemu-xhci,id=xhci,p2=8,p3=4", "-device", "usb-ehci,id=ehci",
                       "-device", "piix3-usb-uhci,id=uhci"};
  return options;
}

rig::SharedMachine& machine() {
  static rig::SharedMachine instance;
  return instance;
}

std::string random_bytes(std::size_t size) {
  static std::mt19937 source(1);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(source());
  return bytes;
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  ASSERT_EQ(std::filesystem::file_size(path), bytes.size());
}

class HonestUse : public testing::TestWithParam<Port> {
 protected:
  static void SetUpTestSuite() { machine().boot(with_controllers); }
  void SetUp() override {
    ASSERT_NE(machine().machine(), nullptr) << machine().reason();
    pair_.emplace(vm());
    pair_->load("xhci_pci ehci_pci uhci_hcd sd_mod uas evdev fuse af_packet");
    pair_->load_drivers();
  }
  void TearDown() override {
    if (attached_) pair_->detach();
    pair_.reset();
    // What is plugged in next is told from it by nothing but that it is there.
    const auto gone = vm().wait_until("! ls -d /sys/devices/pci*/*/usb*/*-*/idVendor", minutes(1));
    EXPECT_TRUE(gone.ok()) << gone;
    for (const std::string& node : nodes_) {
      for (int i = 0; i < 50 && !vm().qmp("blockdev-del", {{"node-name", node}}); ++i)
        vm().run("sleep 0.1");
    }
  }
  static rig::Machine& vm() { return *machine().machine(); }
  static std::filesystem::path file(const std::string& name) { return machine().folder() / name; }

  static void must(std::string_view command, const boost::json::object& arguments) {
    const auto done = vm().qmp(command, arguments);
    ASSERT_TRUE(done) << command << ": " << done.error().text;
  }
  void plug(Kind kind) {
    kind.bus = GetParam().bus;
    kind.port = GetParam().number;
    pair_->plug(kind);
  }
  // What is plugged in goes to the target.
  void attach(const std::string& direct = "/sys/devices/pci*/*/usb*/*-*") {
    const std::string there = pair_->wait_for(direct);
    ASSERT_FALSE(there.empty()) << vm().run("dmesg | tail").out;
    folder_ = pair_->attach(there);
    ASSERT_FALSE(folder_.empty()) << pair_->log();
    attached_ = true;
  }
  // Before what is behind the device can be.
  void take_away() {
    pair_->detach();
    attached_ = false;
    pair_->unplug();
  }
  // The first that matches below the attached device; waits.
  std::string below(const std::string& pattern) {
    const auto found =
        vm().wait_until("ls -d " + folder_ + "/" + pattern + " | grep .", seconds(60));
    EXPECT_TRUE(found.ok()) << pair_->log();
    return found.out.substr(0, found.out.find('\n'));
  }
  static std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  // A medium of random bytes, as QEMU's block node of that name.
  void make_medium(const std::string& name) {
    ASSERT_NO_FATAL_FAILURE(write(file(name), random_bytes(std::size_t{medium_kib} << 10U)));
    must("blockdev-add", {{"driver", "raw"},
                          {"node-name", name},
                          {"file", {{"driver", "file"}, {"filename", file(name).string()}}}});
    nodes_.push_back(name);
  }
  static std::string sum_of(const std::filesystem::path& path) {
    const auto sum = rig::run_program({"sh", "-c", "sha256sum < " + path.string()},
                                      rig::deadline_after(minutes(1)));
    return sum ? *sum : sum.error().text;
  }
  // Reads all of it, writes all of it anew, past the target's cache.
  void use_disk(const std::string& name) {
    const std::string disk = "/dev/" + last_part(below("*:*/host*/target*/*:*/block/sd*"));
    const auto read =
        vm().run("dd if=" + disk + " bs=64k iflag=direct status=none | sha256sum", minutes(3));
    EXPECT_EQ(read.out, sum_of(file(name))) << pair_->log();
    const auto written =
        vm().run("dd if=/dev/urandom of=/run/new bs=64k count=" + std::to_string(medium_kib / 64) +
                     " status=none; dd if=" + "/run/new of=" + disk +
                     " bs=64k oflag=direct conv=fsync status=none; "
                     "sha256sum < /run/new",
                 minutes(3));
    EXPECT_TRUE(written.ok()) << written << pair_->log();
    EXPECT_EQ(written.out, sum_of(file(name))) << pair_->log();
  }
  // A controller of disks without one: the disk comes, then it is plugged in.
  void plug_scsi(const std::string& driver) {
    plug({.driver = driver});
    must("device_add",
         {{"driver", "scsi-hd"}, {"id", "disk"}, {"bus", "honest.0"}, {"drive", "medium"}});
    must("qom-set",
         {{"path", "/machine/peripheral/honest"}, {"property", "attached"}, {"value", true}});
  }

  void start_reading(const std::string& name) {
    below("*:*/*/input/input*/event*");
    vm().start_background("read", "exec " + reader + "'" + name + "' 3");
    const auto ready = vm().wait_until("grep -q ready " + rig::Machine::background_log("read"));
    ASSERT_TRUE(ready.ok()) << vm().run("cat " + rig::Machine::background_log("read"));
  }
  static std::string what_was_read() {
    vm().wait_until("! pgrep -x input_guest");
    return vm().run("cat " + rig::Machine::background_log("read")).out;
  }
  static void send(boost::json::array events) {
    must("input-send-event", {{"events", std::move(events)}});
  }
  static boost::json::object axis(const char* kind, const char* name, int value) {
    return {{"type", kind}, {"data", {{"axis", name}, {"value", value}}}};
  }
  static boost::json::object button(const char* name, bool down) {
    return {{"type", "btn"}, {"data", {{"button", name}, {"down", down}}}};
  }
  static void expect_in(const std::string& events, std::initializer_list<const char*> wanted) {
    for (const char* each : wanted) {
      EXPECT_NE(events.find(each), std::string::npos) << each << " is not in\n" << events;
    }
  }
  // A character device of QEMU at a socket that the test connects to.
  std::filesystem::path line(const std::string& id) {
    const auto path = file(id + ".sock");
    must("chardev-add", {{"id", id},
                         {"backend",
                          {{"type", "socket"},
                           {"data",
                            {{"addr", {{"type", "unix"}, {"data", {{"path", path.string()}}}}},
                             {"server", true},
                             {"wait", false}}}}}});
    return path;
  }

  std::optional<UsbPair> pair_;
  std::string folder_;  // of the attached device
  bool attached_ = false;
  std::vector<std::string> nodes_;
};

using Disks = HonestUse;
TEST_P(Disks, Stick) {
  ASSERT_NO_FATAL_FAILURE(make_medium("medium"));
  ASSERT_NO_FATAL_FAILURE(
      plug({.driver = "usb-storage", .properties = {{"drive", "medium"}, {"serial", "HONEST"}}}));
  ASSERT_NO_FATAL_FAILURE(attach());
  use_disk("medium");
}
TEST_P(Disks, BulkOnlyController) {
  ASSERT_NO_FATAL_FAILURE(make_medium("medium"));
  ASSERT_NO_FATAL_FAILURE(plug_scsi("usb-bot"));
  ASSERT_NO_FATAL_FAILURE(attach());
  use_disk("medium");
}
// Its files by the target's own MTP program, in both directions.
TEST_P(Disks, MediaPlayer) {
  const auto folder = file("player");
  ASSERT_NO_FATAL_FAILURE(write(folder / "song", random_bytes(std::size_t{256} << 10U)));
  std::filesystem::remove(folder / "new");
  ASSERT_NO_FATAL_FAILURE(plug(
      {.driver = "usb-mtp", .properties = {{"rootdir", folder.string()}, {"readonly", false}}}));
  ASSERT_NO_FATAL_FAILURE(attach());
  const auto used = vm().run("mkdir -p /run/player && jmtpfs -device=$(cat " + folder_ +
                                 "/busnum),$(cat " + folder_ +
                                 "/devnum) /run/player && cd /run/player/* && sha256sum < song && "
                                 "head -c 100000 /dev/urandom > /run/new && cp /run/new new; cd /; "
                                 "fusermount -u /run/player; sha256sum < /run/new",
                             minutes(3));
  ASSERT_TRUE(used.ok()) << used << pair_->log();
  EXPECT_NE(used.out.find(sum_of(folder / "song") + sum_of(folder / "new")), std::string::npos)
      << used << pair_->log();
}
INSTANTIATE_TEST_SUITE_P(On, Disks, testing::Values(xhci, xhci_high, ehci, uhci),
                         [](const auto& each) { return each.param.name; });

// vhci has no streams, which UAS needs at SuperSpeed; below it does without.
using HighSpeed = HonestUse;
TEST_P(HighSpeed, AttachedScsi) {
  ASSERT_NO_FATAL_FAILURE(make_medium("medium"));
  ASSERT_NO_FATAL_FAILURE(plug_scsi("usb-uas"));
  ASSERT_NO_FATAL_FAILURE(attach());
  use_disk("medium");
  EXPECT_EQ(last_part(vm().run("readlink -f " + folder_ + "/*:1.0/driver").out), "uas\n");
}
INSTANTIATE_TEST_SUITE_P(On, HighSpeed, testing::Values(xhci_high, ehci),
                         [](const auto& each) { return each.param.name; });

using Pointers = HonestUse;
TEST_P(Pointers, Keyboard) {
  ASSERT_NO_FATAL_FAILURE(plug({.driver = "usb-kbd"}));
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_NO_FATAL_FAILURE(start_reading("QEMU QEMU USB Keyboard"));
  must("send-key",
       {{"keys", {{{"type", "qcode"}, {"data", "shift"}}, {{"type", "qcode"}, {"data", "s"}}}},
        {"hold-time", 90}});
  expect_in(what_was_read(), {"1 42 1", "1 31 1", "1 31 0", "1 42 0"});
}
TEST_P(Pointers, Mouse) {
  ASSERT_NO_FATAL_FAILURE(plug({.driver = "usb-mouse"}));
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_NO_FATAL_FAILURE(start_reading("QEMU QEMU USB Mouse"));
  send({axis("rel", "x", 7), axis("rel", "y", -5), button("right", true)});
  expect_in(what_was_read(), {"2 0 7", "2 1 -5", "1 273 1"});
}
TEST_P(Pointers, Tablet) {
  ASSERT_NO_FATAL_FAILURE(plug({.driver = "usb-tablet"}));
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_NO_FATAL_FAILURE(start_reading("QEMU QEMU USB Tablet"));
  send({axis("abs", "x", 20000), axis("abs", "y", 10000), button("left", true)});
  expect_in(what_was_read(), {"3 0 20000", "3 1 10000", "1 272 1"});
}
INSTANTIATE_TEST_SUITE_P(On, Pointers, testing::Values(xhci, ehci, uhci),
                         [](const auto& each) { return each.param.name; });

using FullSpeed = HonestUse;
TEST_P(FullSpeed, PenTablet) {
  vm().run("modprobe wacom");
  ASSERT_NO_FATAL_FAILURE(plug({.driver = "usb-wacom-tablet"}));
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_NO_FATAL_FAILURE(start_reading("Wacom Penpartner Pen"));
  // QEMU gives it events from the target's first question on.
  bool asked = false;
  for (int i = 0; i < 100 && !asked; ++i) {
    const auto mice = vm().qmp("query-mice");
    asked = mice && boost::json::serialize(*mice).find("\"absolute\":true") != std::string::npos;
    if (!asked) vm().run("sleep 0.1");
  }
  ASSERT_TRUE(asked) << vm().run("dmesg | tail -30");
  // A pen that moves: its first report after the change of mode has no place yet.
  for (int i = 0; i < 10; ++i) {
    send({axis("abs", "x", 20000 + 300 * i), axis("abs", "y", 10000 + 300 * i),
          button("left", true)});
    vm().run("sleep 0.2");
  }
  expect_in(what_was_read(), {"3 0 ", "3 1 "});
}
// Bytes both ways through ftdi_sio. With 32 KiB the whole machine stands still on QEMU's UHCI,
// without usbproxy as well.
TEST_P(FullSpeed, SerialAdapter) {
  const auto path = line("line");
  auto outside = base::io::connect_unix(path);
  ASSERT_TRUE(outside) << outside.error().text;
  ASSERT_NO_FATAL_FAILURE(plug(
      {.driver = "usb-serial", .properties = {{"chardev", "line"}, {"always-plugged", true}}}));
  ASSERT_NO_FATAL_FAILURE(attach());
  const std::string tty = "/dev/" + last_part(below("*:*/ttyUSB*"));
  const std::string sent = random_bytes(std::size_t{8} << 10U);
  vm().start_background("line", "stty -F " + tty + " raw -echo 115200; exec 3<>" + tty +
                                    "; head -c 8192 <&3 > /run/heard & echo open; "
                                    "head -c 8192 /dev/urandom > /run/said; "
                                    "cat /run/said >&3; wait; echo done");
  ASSERT_TRUE(vm().wait_until("grep -q open " + rig::Machine::background_log("line")).ok());
  std::size_t written = 0;
  while (written < sent.size()) {
    const ssize_t n =
        ::send(outside->get(), sent.data() + written, sent.size() - written, MSG_NOSIGNAL);
    ASSERT_GT(n, 0);
    written += static_cast<std::size_t>(n);
  }
  std::string heard(8192, '\0');
  const timeval patience{.tv_sec = 120, .tv_usec = 0};
  ::setsockopt(outside->get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  EXPECT_EQ(::recv(outside->get(), heard.data(), heard.size(), MSG_WAITALL), 8192) << pair_->log();
  const auto done =
      vm().wait_until("grep -q done " + rig::Machine::background_log("line"), minutes(2));
  EXPECT_TRUE(done.ok()) << pair_->log();
  ASSERT_NO_FATAL_FAILURE(write(file("sent"), sent));
  ASSERT_NO_FATAL_FAILURE(write(file("heard"), heard));
  EXPECT_EQ(vm().run("sha256sum < /run/heard").out, sum_of(file("sent")));
  EXPECT_EQ(vm().run("sha256sum < /run/said").out, sum_of(file("heard")));
  take_away();
  must("chardev-remove", {{"id", "line"}});
}
// Commands to a card by pcscd and its driver.
TEST_P(FullSpeed, CardReader) {
  const auto path = line("card");
  ASSERT_NO_FATAL_FAILURE(plug({.driver = "usb-ccid"}));
  must(
      "device_add",
      {{"driver", "ccid-card-passthru"}, {"id", "card"}, {"bus", "honest.0"}, {"chardev", "card"}});
  const auto card = SmartCard::insert(path);
  ASSERT_TRUE(card) << card.error().text;
  ASSERT_NO_FATAL_FAILURE(attach());
  vm().start_background("pcscd", "mkdir -p /run/pcscd; exec pcscd --foreground --error");
  const auto answered = vm().run(
      "python3 -c '\n"
      "import time\n"
      "from smartcard.System import readers\n"
      "for i in range(100):\n"
      "  try:\n"
      "    connection = readers()[0].createConnection(); connection.connect(); break\n"
      "  except Exception as error: print(error); time.sleep(0.3)\n"
      "print(connection.getATR())\n"
      "print(connection.transmit([0x00, 0xA4, 0x04, 0x00, 0x04, 1, 2, 3, 4]))'",
      minutes(2));
  vm().run("pkill -x pcscd");
  EXPECT_NE(answered.out.find("([4, 3, 2, 1, 4, 0, 4, 164, 0], 144, 0)"), std::string::npos)
      << answered << pair_->log() << vm().run("cat " + rig::Machine::background_log("pcscd")).out;
  take_away();
  must("chardev-remove", {{"id", "card"}});
}
// A file from a server behind it.
TEST_P(FullSpeed, Network) {
  ASSERT_NO_FATAL_FAILURE(write(file("player/served"), random_bytes(std::size_t{128} << 10U)));
  must("netdev_add",
       {{"type", "user"}, {"id", "lan"}, {"restrict", true}, {"tftp", file("player").string()}});
  ASSERT_NO_FATAL_FAILURE(plug({.driver = "usb-net", .properties = {{"netdev", "lan"}}}));
  ASSERT_NO_FATAL_FAILURE(attach());
  const std::string link = last_part(below("*:*/net/*"));
  const auto fetched = vm().run("ip link set " + link + " up && ip addr add 10.0.2.15/24 dev " +
                                    link + " && curl -s -m 60 tftp://10.0.2.2/served | sha256sum",
                                minutes(2));
  EXPECT_EQ(fetched.out, sum_of(file("player/served"))) << fetched << pair_->log();
  take_away();
  must("netdev_del", {{"id", "lan"}});
}
// What is plugged into a hub is a device as any other, and so is what is beside it.
TEST_P(FullSpeed, BehindAHub) {
  ASSERT_NO_FATAL_FAILURE(make_medium("medium"));
  ASSERT_NO_FATAL_FAILURE(plug({.driver = "usb-hub"}));
  const std::string port = GetParam().number;
  must("device_add",
       {{"driver", "usb-kbd"}, {"id", "beside"}, {"bus", GetParam().bus}, {"port", port + ".1"}});
  must("device_add", {{"driver", "usb-storage"},
                      {"id", "child"},
                      {"bus", GetParam().bus},
                      {"port", port + ".2"},
                      {"drive", "medium"}});
  ASSERT_NO_FATAL_FAILURE(attach("/sys/devices/pci*/*/usb*/*-*/*-*.2"));
  use_disk("medium");
  EXPECT_TRUE(vm().run("ls -d /sys/devices/pci*/*/usb*/*-*/*-*.1/*/*/input").ok())
      << "the keyboard beside it is still sys-usb's";
  pair_->detach();
  attached_ = false;
}
INSTANTIATE_TEST_SUITE_P(On, FullSpeed, testing::Values(xhci, uhci),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace onevm
