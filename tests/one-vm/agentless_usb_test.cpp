// SPDX-License-Identifier: GPL-2.0-or-later
// A guest without an agent gets USB devices: emulated ones, honest and not, whose backend runs
// beside the machine (tests/attacks); the machine is the guest, and its kernel's own drivers use
// them.
#include <boost/json/serialize.hpp>
#include <optional>

#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/descriptors.hpp"
#include "tests/attacks/emulator/honest.hpp"
#include "tests/one-vm/guest_host.hpp"
#include "tests/one-vm/one_vm.hpp"
#include "tests/places.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

struct UsbHost : GuestHost {
  explicit UsbHost(const std::filesystem::path& monitor) {
    policy("qubes.USB * win sys-usb allow\n");
    serve("disk");
    attach_with("--qmp " + monitor.string());
    start();
    wait_until([this] { return has("sys-usb", "2-1:"); }, "the device is known");
  }

  void attach_with(const std::string& options) {
    service("win", "qubes.USBAttach",
            "exec " + program("sallyport-usb-guest") + " --agent-socket $SALLYPORT_AGENT_SOCKET " +
                options);
  }
  // What is in port 2-1 from now on, as the emulator calls it. Approved is what it says it is.
  void serve(const std::string& name) {
    const auto device = attacks::find_device(name);
    ASSERT_TRUE(device) << name;
    const std::string id = attacks::approval_of(*device);  // VVVV:PPPP:SERIAL:
    const std::string whole =
        attacks::identity_text(device->descriptor, device->configurations.front());
    const std::string interfaces = whole.substr(whole.rfind(':') + 1);
    std::string line = "port=2-1 vendor=" + id.substr(0, 4) + " product=" + id.substr(5, 4);
    line += " serial=" + id.substr(10, id.size() - 11);
    line += " interfaces=" + interfaces_in(interfaces);
    plug(line + "\n");
    service("usb", "qubes.USB",
            "exec " + places::build() + "/tests/bin/usb_emulator --stream " + name);
  }
  // The same of a running dom0, once it knows.
  void replug(const std::string& name) {
    plug("");
    wait_until([this] { return !has("sys-usb", "2-1:"); }, "the old device is gone");
    serve(name);
    wait_until([this] { return has("sys-usb", "2-1:"); }, "the new device is known");
  }
  // The stick of the machine, whose backend runs there.
  void serve_stick(const std::string& socket, const std::string& product,
                   const std::string& interfaces) {
    plug("port=2-1 vendor=46f4 product=" + product + " serial=" + stick_serial +
         " interfaces=" + interfaces + "\n");
    service("usb", "qubes.USB", "exec " + program("sallyport-dial") + " " + socket);
  }
  std::string give() { return call("admin.vm.device.usb.Attach+sys-usb+2-1", "win"); }
  void let_type() { policy("qubes.USB * win sys-usb allow auto-typing=yes\n"); }
  std::string take() { return call("admin.vm.device.usb.Detach+sys-usb+2-1", "win"); }
  bool given() {
    return call("admin.vm.device.usb.Attached", "win").find("2-1") != std::string::npos;
  }
  using PaperQubes::has;

 private:
  // "u080650u030101" -> "080650,030101"
  static std::string interfaces_in(const std::string& text) {
    std::string list;
    for (std::size_t i = 0; i + 7 <= text.size(); i += 7) {
      list += (list.empty() ? "" : ",") + text.substr(i + 1, 6);
    }
    return list;
  }
};

class AgentlessUsb : public OneVm {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    host_.emplace(guest_monitor());
  }
  void TearDown() override {
    if (!host_) return;  // there was no machine
    host_.reset();
    EXPECT_TRUE(gone().ok());
  }
  // In sysfs of the guest: the device of our emulator, which QEMU's own are not; waits.
  static rig::CommandResult there(const std::string& more = "") {
    return vm().wait_until(find + more, seconds(40));
  }
  static rig::CommandResult gone() { return vm().wait_until("! (" + find + ")", seconds(40)); }
  static std::string disk() {
    auto found = vm().wait_until(
        find +
            " && for b in $d/*/host*/target*/*/block/*; do [ -e $b ] && echo /dev/${b##*/} && "
            "exit 0; done; exit 1",
        seconds(60));
    while (!found.out.empty() && found.out.back() == '\n') found.out.pop_back();
    return found.out;
  }
  // What QEMU has of ours.
  static std::string parts() {
    std::string all;
    for (const auto& [command, arguments] :
         {std::pair<std::string, boost::json::object>{"query-chardev", {}},
          {"qom-list", {{"path", "/machine/peripheral"}}}}) {
      const auto answer = vm().qmp(command, arguments);
      all += answer ? boost::json::serialize(*answer) : "? " + answer.error().text;
    }
    return all;
  }
  static bool nothing_left() {
    const std::string all = parts();
    return all.find("sallyport-usb") == std::string::npos && all.find('?') == std::string::npos;
  }
  void settles() {
    host_->wait_until([this] { return !host_->given(); }, "the lease ends");
    EXPECT_TRUE(gone().ok());
    host_->wait_until([] { return nothing_left(); }, "QEMU has no part of it any more");
  }

  // Leaves its folder in $d.
  static inline const std::string find =
      "for d in /sys/bus/usb/devices/*; do [ \"$(cat $d/idVendor 2>/dev/null)\" = 1209 ] && break; "
      "d=; done; [ -n \"$d\" ]";
  std::optional<UsbHost> host_;
};

TEST_F(AgentlessUsb, AStickIsReadWrittenToAndDetached) {
  ASSERT_EQ(host_->give(), UsbHost::ok);
  const std::string stick = disk();
  ASSERT_FALSE(stick.empty());
  std::string content;
  for (std::uint32_t sector = 0; sector < attacks::disk_sectors; ++sector) {
    content.append(attacks::sector_size, static_cast<char>(attacks::pattern_of(sector)));
  }
  ASSERT_TRUE(base::io::write_file_atomically(host_->root_ / "expected", content, 0644));
  // The machine sees the host's files.
  const auto same =
      vm().run("cmp " + stick + " " + (host_->root_ / "expected").string(), seconds(60));
  EXPECT_TRUE(same.ok()) << same;
  // The emulated stick takes what is written and forgets it.
  const auto written = vm().run(
      "dd if=/dev/zero of=" + stick + " bs=65536 count=1 seek=3 oflag=direct", seconds(60));
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_EQ(host_->take(), UsbHost::ok);
  settles();
}

TEST_F(AgentlessUsb, AKeyboardsReportsArrive) {
  host_->let_type();
  host_->replug("report-rollover");
  ASSERT_EQ(host_->give(), UsbHost::ok);
  const std::string events = "for e in $d/*/*/input/input*/event*; do [ -e $e ] && break; done";
  const auto found = there(" && " + events + " && [ -e $e ]");
  ASSERT_TRUE(found.ok()) << found;
  const auto keys = vm().run(
      find + "; " + events + "; timeout 20 dd if=/dev/input/${e##*/} of=/dev/null bs=24 count=200",
      seconds(40));
  EXPECT_TRUE(keys.ok()) << keys;
  EXPECT_EQ(host_->take(), UsbHost::ok);
  settles();
}

TEST_F(AgentlessUsb, AnUnpluggedStickLeavesWhileItIsRead) {
  ASSERT_EQ(host_->give(), UsbHost::ok);
  const std::string stick = disk();
  ASSERT_FALSE(stick.empty());
  vm().run("( while dd if=" + stick +
           " of=/dev/null bs=64K iflag=direct; do :; done ) > /dev/null 2>&1 &");
  host_->plug("");
  settles();
}

TEST_F(AgentlessUsb, AKilledAttacherTakesTheDeviceWithItAndTheNextCleansUp) {
  ASSERT_EQ(host_->give(), UsbHost::ok);
  ASSERT_TRUE(there().ok());
  host_->kill_programs("sallyport-usb-guest");
  host_->wait_until([this] { return !host_->given(); }, "the lease ends");
  EXPECT_TRUE(gone().ok());
  EXPECT_FALSE(nothing_left());
  ASSERT_EQ(host_->give(), UsbHost::ok);
  ASSERT_FALSE(disk().empty());
  EXPECT_EQ(host_->take(), UsbHost::ok);
  settles();
}

TEST_F(AgentlessUsb, WhatCannotBeIsRefusedInWords) {
  host_->plug("port=2-1 vendor=1209 product=0003 serial=ANOTHER interfaces=080650\n");
  host_->wait_until([this] { return host_->has("sys-usb", "ANOTHER"); }, "it is told");
  const std::string other = host_->give();
  EXPECT_NE(other.find("but 'ANOTHER' was approved"), std::string::npos) << other;
  host_->replug("disk");
  host_->attach_with("--qmp /nonexistent/qmp");
  const std::string off = host_->give();
  EXPECT_NE(off.find("does the guest run, with -qmp unix:/nonexistent/qmp,server=on,wait=off?"),
            std::string::npos)
      << off;
  settles();
}

// The whole chain with nothing emulated on the way: the machine is also the sys-usb whose stick it
// gets, by its own libusb and our backend, over the host's relay, firewall and QEMU's usb-redir.
class AgentlessStick : public AgentlessUsb {
 protected:
  // As the stick's product and interfaces are.
  void give(const std::string& product, const std::string& interfaces) {
    ASSERT_FALSE(wait_for_stick().empty());
    host_->serve_stick(stream_port().string(), product, interfaces);
    host_->wait_until([this] { return host_->has("sys-usb", stick_serial); }, "it is told");
    const auto own = vm().run(
        "for d in /sys/bus/usb/devices/*; do [ \"$(cat $d/serial 2>/dev/null)\" = " + stick_serial +
        " ] && echo ${d##*/}; done");
    port_ = own.out.substr(0, own.out.find('\n'));
    ASSERT_FALSE(port_.empty());
    loop_ = vm().start_background(
        "stream-backend",
        "n=$(grep -lx stream-port /sys/class/virtio-ports/*/name); n=${n%/name}; "
        "exec 3<>/dev/${n##*/}; while :; do " +
            build + "/bin/sallyport-usb-backend --direct --port " + port_ +
            " --stream-fd 3; sleep 0.5; done");
    ASSERT_GT(loop_, 0);
    const std::string answer = host_->give();
    EXPECT_EQ(answer, UsbHost::ok) << log();
  }
  // The command with the guest's disk as $b, a name below /sys/block, once it is there.
  rig::CommandResult on_disk(const std::string& command) const {
    return vm().wait_until("for b in /sys/block/sd*; do p=$(cd -P $b && pwd); case $p in */" +
                               port_ + "/*) ;; */usb*) " + command +
                               " && exit 0;; esac; done 2>/dev/null; exit 1",
                           seconds(120));
  }
  void is_read_and_written() {
    const auto sum = on_disk("head -c 4M /dev/${b##*/} | sha256sum");
    EXPECT_EQ(sum.out, stick_sha256(4)) << log();
    const auto written = on_disk(
        "head -c 65536 /dev/urandom | dd of=/dev/${b##*/} bs=65536 seek=3 iflag=fullblock "
        "conv=fsync && head -c 4M /dev/${b##*/} | sha256sum");
    EXPECT_EQ(written.out, stick_sha256(4)) << log();
    EXPECT_NE(written.out, sum.out);
  }
  void take() {
    if (host_->given()) {
      EXPECT_EQ(host_->take(), UsbHost::ok);
    }
    vm().run("kill -- -" + std::to_string(loop_));
    EXPECT_FALSE(wait_for_stick().empty());
    settles();
  }
  static std::string log() {
    return vm().run("tail /run/rig/stream-backend.log; dmesg | tail -n 40").out;
  }

 private:
  std::string port_;
  long loop_ = 0;
};

TEST_F(AgentlessStick, ComesThroughTheRealBackend) {
  ASSERT_NO_FATAL_FAILURE(give("0001", "080650"));
  is_read_and_written();
  take();
}

// At SuperSpeed the driver of USB Attached SCSI has nothing without streams: each command has one.
TEST_F(AgentlessStick, ComesThroughWithStreams) {
  vm().run("modprobe uas");
  ASSERT_TRUE(unplug_stick().has_value());
  ASSERT_TRUE(plug_uas_stick().has_value());
  ASSERT_NO_FATAL_FAILURE(give("0003", "080662"));
  is_read_and_written();
  const auto driver = on_disk(
      "(cd $p; while [ ! -e idVendor ]; do i=$PWD; cd ..; done; cat speed; basename $(readlink -f "
      "$i/driver))");
  EXPECT_EQ(driver.out, "5000\nuas\n") << log();
  // Several commands at once, so answers of several streams.
  const auto parts = on_disk(
      "(for i in 0 1 2 3 4 5 6 7; do dd if=/dev/${b##*/} of=/run/part$i bs=64K count=32 "
      "skip=$((i * 32)) iflag=direct & done; wait; cat /run/part? | sha256sum; rm /run/part?)");
  EXPECT_EQ(parts.out, stick_sha256(16)) << log();
  // SG_SCSI_RESET of the device: its driver frees the streams, resets the port, wants them anew.
  const auto reset = on_disk(
      "python3 -c \"import fcntl,os,struct; fcntl.ioctl(os.open('/dev/${b##*/}', os.O_RDWR), "
      "0x2284, struct.pack('i', 1))\"");
  EXPECT_TRUE(reset.ok()) << reset << log();
  const auto after = on_disk("dd if=/dev/${b##*/} bs=1M count=4 iflag=direct | sha256sum");
  EXPECT_EQ(after.out, stick_sha256(4)) << log();
  EXPECT_TRUE(host_->given());
  take();
  const auto unplugged = unplug_uas_stick();
  EXPECT_TRUE(unplugged) << unplugged.error().text << log();
  EXPECT_TRUE(plug_stick().has_value());
  EXPECT_FALSE(wait_for_stick().empty());
}

// Each lie of the stream that tests/attacks has: QEMU lives, the guest's kernel has nothing to
// complain about, and nothing stays.
TEST_F(AgentlessUsb, ATakenOverBackendHarmsNeitherQemuNorTheGuest) {
  vm().run("dmesg -C");
  std::size_t tried = 0;
  for (const attacks::Attack& attack : attacks::table()) {
    if (attack.kind != attacks::Class::stream || !attack.streamed) continue;
    SCOPED_TRACE(attack.id);
    host_->replug(attack.id);
    const std::size_t before = host_->guest_log().size();
    const std::string answer = host_->give();
    const auto said = [this, &attack, before] {
      return host_->guest_log().find(attack.streamed->words, before) != std::string::npos;
    };
    if (answer == UsbHost::ok) {
      // Some lie only when they are used, and a busy machine's disk takes its time.
      int left = 20;
      do {
        vm().run("sleep 1; " + find +
                 " && for b in $d/*/host*/target*/*/block/*; do [ -e $b ] && "
                 "timeout 3 dd if=/dev/${b##*/} of=/dev/null bs=64K count=2 iflag=direct; done");
      } while (!said() && host_->given() && --left > 0);
      if (host_->given()) host_->take();
    }
    if (!attack.streamed->words.empty()) {
      EXPECT_TRUE(said()) << attack.streamed->words;
    }
    settles();
    ASSERT_TRUE(vm().run("true").ok());
    ++tried;
  }
  EXPECT_GT(tried, 20U);
  const auto alarms = vm().run("dmesg | grep -E 'BUG|WARNING|Oops|Call Trace|general protection'");
  EXPECT_FALSE(alarms.ok()) << alarms;
}

}  // namespace
}  // namespace onevm
