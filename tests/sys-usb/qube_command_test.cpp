// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's command line: what every qube gets, what only some get, and that no value becomes an
// option.
#include "sys-usb/qube_command.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using base::config::QubeConfig;
using base::config::Transport;
using sysusb::Accelerator;
using sysusb::Machine;

Machine machine() {
  return {.qemu = "/usr/bin/qemu",
          .image = sysusb::image_files("/images", "work"),
          .accelerator = Accelerator::tcg,
          .qmp_fd = 5,
          .vhost_fd = 6,
          .dial_program = "/lib/sallyport-dial",
          .qube_socket = "/run/work.sock",
          .more = {}};
}

QubeConfig qube(Transport transport) {
  QubeConfig config;
  config.name = "work";
  config.image = "work";
  config.transport = transport;
  config.cid = transport == Transport::vsock ? 42 : 0;
  return config;
}

std::vector<std::string> values_of(const std::vector<std::string>& command,
                                   const std::string& name) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i + 1 < command.size(); ++i) {
    if (command[i] == name) found.push_back(command[i + 1]);
  }
  return found;
}

bool has_value(const std::vector<std::string>& command, const std::string& name,
               const std::string& part) {
  return std::ranges::any_of(values_of(command, name), [&](const std::string& value) {
    return value.find(part) != std::string::npos;
  });
}

TEST(QubeCommand, EveryQubeIsMinimalAndSandboxed) {
  for (const Transport transport : {Transport::vsock, Transport::unix_socket}) {
    const auto command = sysusb::qemu_command(qube(transport), machine());
    EXPECT_EQ(command[0], "/usr/bin/qemu");
    for (const std::string word : {"-nodefaults", "-no-user-config", "-no-reboot"}) {
      EXPECT_EQ(std::ranges::count(command, word), 1) << word;
    }
    EXPECT_TRUE(has_value(command, "-sandbox", "on,obsolete=deny,resourcecontrol=deny"));
    EXPECT_EQ(values_of(command, "-display"), std::vector<std::string>{"none"});
    EXPECT_EQ(values_of(command, "-smp"), std::vector<std::string>{"1"});
    EXPECT_EQ(values_of(command, "-kernel"), std::vector<std::string>{"/images/vmlinuz"});
    EXPECT_TRUE(has_value(command, "-drive",
                          "if=none,id=root,format=raw,readonly=on,file=/images/work.squashfs"));
    EXPECT_FALSE(has_value(command, "-device", "xhci"));
  }
}

TEST(QubeCommand, NoDeviceLoadsAnOptionRom) {
  auto config = qube(Transport::unix_socket);
  config.controllers = {"emulated", "0000:00:14.0"};
  config.disks = {"/a.img"};
  for (const Transport transport : {Transport::vsock, Transport::unix_socket}) {
    config.transport = transport;
    for (const std::string& device :
         values_of(sysusb::qemu_command(config, machine()), "-device")) {
      EXPECT_NE(device.find("romfile="), std::string::npos) << device;
    }
  }
}

TEST(QubeCommand, VsockQubesHaveNoNetworkAndStartNoProgram) {
  const auto command = sysusb::qemu_command(qube(Transport::vsock), machine());
  EXPECT_TRUE(has_value(command, "-sandbox", ",elevateprivileges=deny,spawn=deny"));
  EXPECT_TRUE(has_value(command, "-device", "vhost-vsock-pci"));
  EXPECT_TRUE(has_value(command, "-device", "guest-cid=42,vhostfd=6"));
  EXPECT_TRUE(values_of(command, "-netdev").empty());
  EXPECT_TRUE(has_value(command, "-append", "sallyport.dial=vsock"));
}

TEST(QubeCommand, UnixQubesReachTheirOwnSocketAlone) {
  const auto command = sysusb::qemu_command(qube(Transport::unix_socket), machine());
  EXPECT_FALSE(has_value(command, "-sandbox", "elevateprivileges=deny"));
  EXPECT_EQ(values_of(command, "-netdev"),
            std::vector<std::string>{"user,id=net,restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:4000"
                                     "-cmd:'/lib/sallyport-dial' '/run/work.sock'"});
  EXPECT_TRUE(has_value(command, "-append", "sallyport.dial=guestfwd"));
}

TEST(QubeCommand, MitigationsAreOffOnlyWhereNothingIsReal) {
  auto fast = machine();
  fast.accelerator = Accelerator::kvm;
  const auto kvm = sysusb::qemu_command(qube(Transport::vsock), fast);
  EXPECT_FALSE(has_value(kvm, "-append", "mitigations=off"));
  EXPECT_TRUE(has_value(kvm, "-machine", "accel=kvm"));
  EXPECT_EQ(values_of(kvm, "-cpu"), std::vector<std::string>{"host"});
  EXPECT_TRUE(has_value(sysusb::qemu_command(qube(Transport::vsock), machine()), "-append",
                        "mitigations=off"));
}

TEST(QubeCommand, PassesControllersAndDisksInOrder) {
  auto config = qube(Transport::vsock);
  config.controllers = {"0000:00:14.0", "emulated"};
  config.disks = {"/a.img", "/b.img"};
  const auto devices = values_of(sysusb::qemu_command(config, machine()), "-device");
  const std::vector<std::string> wanted{
      "virtio-blk-pci,drive=root,romfile=",
      "virtio-blk-pci,romfile=,drive=disk0",
      "virtio-blk-pci,romfile=,drive=disk1",
      "vhost-vsock-pci,id=vsock,romfile=,guest-cid=42,vhostfd=6",
      "vfio-pci,romfile=,host=0000:00:14.0",
      "qemu-xhci,id=xhci,romfile=,p2=8,p3=8",
  };
  EXPECT_EQ(devices, wanted);
}

TEST(QubeCommand, PathsNeverBecomeOptionsOrWords) {
  auto odd = machine();
  odd.image = sysusb::image_files("/im,readonly=off", "work");
  odd.qube_socket = "/run/a b,c'd.sock";
  const auto command = sysusb::qemu_command(qube(Transport::unix_socket), odd);
  EXPECT_TRUE(has_value(command, "-drive", "file=/im,,readonly=off/work.squashfs"));
  EXPECT_TRUE(has_value(command, "-netdev", "-cmd:'/lib/sallyport-dial' '/run/a b,,c'\\''d.sock'"));
}

TEST(QubeCommand, ProbeHasNoDiskNoNetworkAndNoMonitor) {
  const auto command = sysusb::probe_command(machine());
  for (const std::string name : {"-drive", "-netdev", "-device", "-mon"}) {
    EXPECT_TRUE(values_of(command, name).empty()) << name;
  }
  EXPECT_TRUE(has_value(command, "-append", "sallyport.probe"));
  EXPECT_TRUE(has_value(command, "-sandbox", "spawn=deny"));
}

TEST(Plug, TakesNoIdOfTheMachineAndNoRealDevice) {
  EXPECT_TRUE(sysusb::valid_plug_id("stick"));
  for (const std::string_view id : {"", "xhci", "root", "disk0", "a,b", "-a", "a b", "/a"}) {
    EXPECT_FALSE(sysusb::valid_plug_id(id)) << id;
  }
  EXPECT_TRUE(sysusb::valid_plug_driver("usb-kbd"));
  for (const std::string_view driver : {"", "usb-host", "usb-redir", "vfio-pci", "usb-kbd,x=y"}) {
    EXPECT_FALSE(sysusb::valid_plug_driver(driver)) << driver;
  }
}

}  // namespace
