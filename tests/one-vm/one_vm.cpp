// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/one-vm/one_vm.hpp"

#include <fstream>
#include <optional>

#include "tests/rig/shared_machine.hpp"

namespace onevm {
namespace {

constexpr char stick_backend[] = "stick-image";

// Sticks whose host controller is a PCI device, so not those that vhci carries.
constexpr char find_stick[] =
    "for d in /sys/block/sd*; do cd -P $d && case $PWD in *vhci*) ;; */pci*/usb*) "
    "echo /dev/${d##*/}; exit 0;; esac; done; exit 1";

std::filesystem::path stick_of(const std::filesystem::path& folder) { return folder / "stick.img"; }

std::filesystem::path guest_monitor_in(const std::filesystem::path& folder) {
  return folder / "guest-qmp";
}

std::filesystem::path stream_port_in(const std::filesystem::path& folder) {
  return folder / "stream-port";
}

// Random bytes: what is read from the stick cannot be right by chance.
base::Result<rig::MachineOptions> prepare(const std::filesystem::path& folder) {
  const std::string stick = stick_of(folder).string();
  const auto made = rig::run_program(
      {"dd", "if=/dev/urandom", "of=" + stick, "bs=1M", "count=" + std::to_string(stick_mib)},
      rig::deadline_after(std::chrono::minutes(1)));
  if (!made) return base::fail(made.error().text);
  rig::MachineOptions options;
  options.name = "one-vm";
  // Emulated on a machine that has other things to do, the timer fails the kernel's test at boot.
  options.kernel_arguments = "no_timer_check";
  options.arguments = {
      "-blockdev",
      "driver=raw,node-name=" + std::string(stick_backend) +
          ",file.driver=file,file.filename=" + stick,
      "-device",
      "qemu-xhci,id=xhci,p2=8,p3=8",
      "-device",
      "usb-kbd,id=keyboard,bus=xhci.0,port=2",
      "-device",
      "usb-tablet,id=tablet,bus=xhci.0,port=3",
      "-qmp",
      "unix:" + guest_monitor_in(folder).string() + ",server=on,wait=off",
      "-chardev",
      "socket,id=stream-port,server=on,wait=off,path=" + stream_port_in(folder).string(),
      "-device",
      "virtio-serial-pci,id=streams",
      "-device",
      "virtserialport,bus=streams.0,chardev=stream-port,name=stream-port",
      "-device",
      "pcie-root-port,id=plug0,chassis=100,addr=1d.0",
      "-device",
      "pcie-root-port,id=plug1,chassis=101,addr=1e.0",
  };
  return options;
}

rig::SharedMachine& shared() {
  static rig::SharedMachine instance;
  return instance;
}

}  // namespace

// Without a machine GoogleTest leaves a suite's tests out, their TearDown too, which would want
// one.
void OneVm::SetUpTestSuite() {
  shared().boot(prepare);
  ASSERT_NE(shared().machine(), nullptr) << shared().reason();
}

void OneVm::SetUp() {
  const auto modules = vm().run("modprobe -a xhci_pci usb_storage sd_mod usbhid hid_generic evdev",
                                std::chrono::minutes(2));
  ASSERT_TRUE(modules.ok()) << modules;
  const auto devices = vm().qmp("qom-list", {{"path", "/machine/peripheral"}});
  ASSERT_TRUE(devices) << devices.error().text;
  for (const auto& device : devices->as_array()) {
    if (device.at("name").as_string() == "stick") return;
  }
  const auto plugged = plug_stick();
  ASSERT_TRUE(plugged) << plugged.error().text;
}

rig::Machine& OneVm::vm() { return *shared().machine(); }

std::filesystem::path OneVm::guest_monitor() { return guest_monitor_in(shared().folder()); }

std::filesystem::path OneVm::stream_port() { return stream_port_in(shared().folder()); }

base::Status OneVm::plug_stick(const std::string& serial) {
  const auto added = vm().qmp("device_add", {{"driver", "usb-storage"},
                                             {"id", "stick"},
                                             {"bus", "xhci.0"},
                                             {"port", "1"},
                                             {"serial", serial},
                                             {"drive", stick_backend}});
  if (!added) return base::fail(added.error().text);
  return base::Ok{};
}

base::Status OneVm::plug_uas_stick() {
  const std::pair<const char*, boost::json::object> steps[] = {
      {"device_add",
       {{"driver", "qemu-xhci"}, {"id", "uas-xhci"}, {"bus", "plug1"}, {"p2", 1}, {"p3", 1}}},
      {"device_add",
       {{"driver", "usb-uas"},
        {"id", "stick"},
        {"bus", "uas-xhci.0"},
        {"port", "1"},
        {"serial", stick_serial}}},
      {"device_add", {{"driver", "scsi-hd"}, {"bus", "stick.0"}, {"drive", stick_backend}}},
      {"qom-set",
       {{"path", "/machine/peripheral/stick"}, {"property", "attached"}, {"value", true}}}};
  for (const auto& [command, arguments] : steps) {
    if (auto done = vm().qmp(command, arguments); !done) return base::fail(done.error().text);
  }
  return base::Ok{};
}

base::Status OneVm::unplug_stick() {
  if (auto gone = vm().qmp("device_del", {{"id", "stick"}}); !gone) {
    return base::fail(gone.error().text);
  }
  // usb-storage has children that end with events of their own; the stick's has its id.
  for (;;) {
    const auto event = vm().wait_event("DEVICE_DELETED");
    if (!event) return base::fail(event.error().text);
    const auto* device = event->if_contains("device");
    if (device != nullptr && *device == "stick") return base::Ok{};
  }
}

base::Status OneVm::unplug_uas_stick() {
  if (auto gone = unplug_stick(); !gone) return gone;
  if (auto gone = vm().qmp("device_del", {{"id", "uas-xhci"}}); !gone) {
    return base::fail(gone.error().text);
  }
  // QEMU says nothing of a controller that went.
  const auto alone = vm().wait_until("[ $(ls -d /sys/bus/pci/drivers/xhci_hcd/0* | wc -l) = 1 ]");
  return alone.ok() ? base::Status(base::Ok{}) : base::fail("the controller stays");
}

std::string OneVm::wait_for_stick() {
  auto found = vm().wait_until(find_stick, std::chrono::minutes(1));
  if (!found.ok()) return {};
  while (!found.out.empty() && found.out.back() == '\n') found.out.pop_back();
  return found.out;
}

rig::CommandResult OneVm::wait_for_no_stick() {
  return vm().wait_until("! (" + std::string(find_stick) + ")", std::chrono::minutes(1));
}

std::string OneVm::stick_sha256(unsigned mib) {
  const auto sum = rig::run_program({"sh", "-c",
                                     "head -c " + std::to_string(mib) + "M " +
                                         stick_of(shared().folder()).string() + " | sha256sum"},
                                    rig::deadline_after(std::chrono::minutes(1)));
  return sum ? *sum : sum.error().text;
}

}  // namespace onevm
