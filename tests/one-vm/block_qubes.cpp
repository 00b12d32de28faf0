// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/one-vm/block_qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

// Of all processes, those that wait for a device and cannot be killed.
const std::string stuck =
    "ps -eo stat=,comm= | grep -E '^D.*(dd|mount|umount|sha256sum|nbd|fio|cat)$'";

}  // namespace

void BlockQubes::SetUp() {
  ASSERT_NO_FATAL_FAILURE(Qubes::SetUp());
  const auto prepared = vm().run(
      "set -e; modprobe -a loop nbd ext4; mkdir -p /run/block/mnt; cd /run/block\n"
      "head -c 32M /dev/urandom > medium.img\n"
      "printf '\\0\\0\\0\\0\\203\\0\\0\\0\\0\\010\\0\\0\\0\\300\\0\\0' | dd of=medium.img bs=1 "
      "seek=446 conv=notrunc status=none\n"
      "head -c 48 /dev/zero | dd of=medium.img bs=1 seek=462 conv=notrunc status=none\n"
      "printf '\\125\\252' | dd of=medium.img bs=1 seek=510 conv=notrunc status=none\n"
      "losetup -P /dev/loop0 medium.img\n"
      "printf '#!/bin/sh\\nexec " +
          programs +
          "sallyport-block-server --devices-socket /run/sys-usb/devices.sock\\n' "
          "> /run/sys-usb/rpc/sallyport.Block\n"
          "printf '#!/bin/sh\\nexec " +
          programs +
          "sallyport-block-frontend --agent-socket /run/work/agent.sock "
          "--devices-socket /run/work/devices.sock " +
          frontend_option() +
          "\\n' > /run/work/rpc/sallyport.BlockAttach\n"
          "chmod 755 /run/*/rpc/sallyport.Block*\n",
      seconds(120));
  ASSERT_TRUE(prepared.ok()) << prepared;
  set_policy("sallyport.Block * work sys-usb allow\n");
  for (const char* name : {"devices-sys-usb", "devices-work", "agent-sys-usb"}) {
    kill_process(name, "KILL");
  }
  start_with_blocks();
  ASSERT_TRUE(wait_for_listing_of("loop0").ok()) << logs();
}

void BlockQubes::TearDown() {
  vm().run("umount -l /run/block/mnt");
  Qubes::TearDown();
  vm().run("pkill -9 -x sallyport-block; losetup -D; rm -rf /run/block");
}

void BlockQubes::start_with_blocks() {
  start_process("devices-sys-usb", "exec " + programs +
                                       "sallyport-devices --allow-usb --allow-block --group "
                                       "sallyport --socket /run/sys-usb/devices.sock");
  start_devices_of_work();
  start_process("agent-sys-usb", "exec " + programs +
                                     "sallyport-agent --user sallyport --dial "
                                     "unix:/run/sallyport/qubes/sys-usb.sock --inventory usb "
                                     "--block --socket /run/sys-usb/agent.sock "
                                     "--services /run/sys-usb/rpc");
}

void BlockQubes::start_devices_of_work() {
  start_process("devices-work", "exec " + programs +
                                    "sallyport-devices --allow-nbd --group sallyport --socket "
                                    "/run/work/devices.sock");
}

rig::CommandResult BlockQubes::wait_for_listing_of(const std::string& device) {
  return wait_for(programs + "qvm-block list | grep -q '^sys-usb:" + device + " '");
}

rig::CommandResult BlockQubes::give(const std::string& options, const std::string& device) {
  return vm().run(programs + "qvm-block attach work sys-usb:" + device + " " + options,
                  seconds(60));
}

rig::CommandResult BlockQubes::take(const std::string& device) {
  return vm().run(programs + "qvm-block detach work sys-usb:" + device, seconds(60));
}

rig::CommandResult BlockQubes::wait_for(const std::string& condition) {
  return vm().wait_until(condition, seconds(60));
}

rig::CommandResult BlockQubes::wait_for_end_of(const std::string& device) {
  return vm().wait_until(
      "! " + programs + "qvm-block list | grep -q '^sys-usb:" + device + " .*work'", seconds(120));
}

std::string BlockQubes::last_end_of(const std::string& device) {
  return vm()
      .run(programs + "qvm-block info sys-usb:" + device + " | sed -n 's/^last-detach: *//p'")
      .out;
}

void BlockQubes::expect_nothing_left() {
  EXPECT_TRUE(wait_for("! " + programs + "sallyport status | grep -q ' work  *att'").ok())
      << vm().run(programs + "sallyport status");
  EXPECT_TRUE(wait_for("! ls /dev/xvd* /sys/block/nbd*/pid 2>/dev/null | grep -q .").ok())
      << vm().run("ls -l /dev/xvd* /sys/block/nbd*/pid");
  EXPECT_FALSE(vm().run(stuck).ok()) << vm().run(stuck);
}

std::string BlockQubes::sum(const std::string& path) {
  return vm().run("sha256sum < " + path + " | cut -d' ' -f1", seconds(60)).out;
}

}  // namespace onevm
