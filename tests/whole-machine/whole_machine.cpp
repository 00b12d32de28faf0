// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/whole-machine/whole_machine.hpp"

#include <iostream>
#include <map>

#include "tests/rig/shared_machine.hpp"

namespace wholemachine {
namespace {

constexpr unsigned outer_memory_mib = 4096;

// A file system with one file of random bytes: what is read from it cannot be right by chance.
base::Status make_stick(const std::filesystem::path& folder) {
  const std::string file = (folder / stick_file).string();
  const std::string image = (folder / "stick.img").string();
  const auto made = rig::run_program(
      {"sh", "-ec",
       "PATH=$PATH:/usr/sbin:/sbin; head -c " + std::to_string(stick_file_mib) +
           "M /dev/urandom > " + file + "; truncate -s " + std::to_string(stick_mib) + "M " +
           image + "; mkfs.vfat " + image + " >&2; mcopy -i " + image + " " + file + " ::"},
      rig::deadline_after(std::chrono::minutes(1)));
  if (!made) return base::fail(made.error().text);
  return base::Ok{};
}

base::Result<rig::MachineOptions> prepare(const std::filesystem::path& folder) {
  if (auto made = make_stick(folder); !made) return base::fail(made.error().text);
  rig::MachineOptions options;
  options.name = "dom0";
  options.memory_mib = outer_memory_mib;
  options.kernel_arguments = "intel_iommu=on";
  options.arguments = {
      "-device", "intel-iommu,intremap=on,caching-mode=on",
      "-drive",  "if=none,id=stick-image,format=raw,file=" + (folder / "stick.img").string(),
      "-device", "qemu-xhci,id=xhci,addr=0x4",
      "-device", "usb-storage,id=stick,bus=xhci.0,drive=stick-image,serial=" + stick_serial,
      "-device", "edu,id=edu,addr=0x5,dma_mask=0xffffffffffff",
  };
  return options;
}

// The outer machine, and the process ids of the guests inside it.
struct Shared : rig::SharedMachine {
  std::map<std::string, long> inner;
};

Shared& shared() {
  static Shared instance;
  return instance;
}

std::string port_socket(const std::string& name) { return "/run/rig/" + name + ".port"; }

}  // namespace

void WholeMachine::SetUpTestSuite() { shared().boot(prepare); }

void WholeMachine::SetUp() {
  ASSERT_NE(shared().machine(), nullptr) << shared().reason();
  const auto modules = outer().run("modprobe -a kvm_amd vfio_pci vhost_vsock && test -w /dev/kvm",
                                   std::chrono::minutes(2));
  ASSERT_TRUE(modules.ok()) << modules;
}

rig::Machine& WholeMachine::outer() { return *shared().machine(); }

std::string WholeMachine::images_folder() { return build + "/tests/images"; }

base::Status WholeMachine::build_images() {
  for (const char* name : {"sys-usb", "work"}) {
    const auto built = rig::run_program({source + "/sys-usb/image/build", name, "--build-dir",
                                         build, "--out", images_folder(), "--demo"},
                                        rig::deadline_after(std::chrono::minutes(3)));
    if (!built) return base::fail(built.error().text);
  }
  return base::Ok{};
}

std::string WholeMachine::stick_file_sha256() {
  const auto sum =
      rig::run_program({"sh", "-c", "sha256sum < " + (shared().folder() / stick_file).string()},
                       rig::deadline_after(std::chrono::minutes(1)));
  return sum ? sum->substr(0, 64) : sum.error().text;
}

rig::CommandResult WholeMachine::give_to_vfio(const std::string& address) {
  const std::string device = "/sys/bus/pci/devices/" + address;
  return outer().run("set -e; cd " + device +
                         "; echo vfio-pci > driver_override; "
                         "if [ -e driver ]; then echo " +
                         address + " > driver/unbind; fi; echo " + address +
                         " > /sys/bus/pci/drivers_probe; "
                         "[ $(basename $(readlink driver)) = vfio-pci ]; "
                         "test -c /dev/vfio/$(basename $(readlink iommu_group))",
                     std::chrono::minutes(1));
}

// A second try, because the emulated processor's own virtualisation (QEMU's SVM without KVM) hangs
// now and then before the inner kernel's first line.
rig::CommandResult WholeMachine::start_inner(const std::string& name,
                                             const std::string& arguments) {
  auto alive = boot_inner(name, arguments);
  if (alive.ok()) return alive;
  std::cerr << "inner machine " << name << " did not come up, once more: " << alive << '\n';
  stop_inner(name);
  return boot_inner(name, arguments);
}

rig::CommandResult WholeMachine::boot_inner(const std::string& name, const std::string& arguments) {
  const auto packed =
      outer().run(source + "/tests/rig/make-initramfs " + outer().kernel().folder.string() +
                      " /run/rig/inner.initrd " + build + "/tests/bin/rig_guest " + build +
                      "/tests/bin/rig_dma",
                  std::chrono::minutes(2));
  if (!packed.ok()) return packed;
  const long pid = outer().start_background(
      name,
      "exec qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot"
      " -machine q35,accel=kvm -cpu host -m 512 -smp 1"
      " -kernel " +
          outer().kernel().vmlinuz.string() +
          " -initrd /run/rig/inner.initrd"
          " -append 'console=ttyS0 quiet panic=-1 mitigations=off rig.name=" +
          name + "' -chardev file,id=console,path=/run/rig/" + name +
          ".console -serial chardev:console"
          " -device virtio-serial-pci -chardev socket,id=rig,server=on,wait=off,path=" +
          port_socket(name) + " -device virtserialport,chardev=rig,name=rig " + arguments);
  shared().inner[name] = pid;
  auto alive = run_inner(name, "true", inner_boot_time);
  if (!alive.ok()) {
    alive.out += outer()
                     .run("echo '--- inner QEMU:'; cat " + rig::Machine::background_log(name) +
                          "; echo '--- inner console:'; tail -n 40 /run/rig/" + name + ".console")
                     .out;
  }
  return alive;
}

rig::CommandResult WholeMachine::run_inner(const std::string& name, const std::string& command,
                                           std::chrono::seconds timeout) {
  std::string escaped;
  for (const char c : command) escaped += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return outer().run(build + "/tests/bin/rig_call " + port_socket(name) + " " +
                         std::to_string(timeout.count()) + " '" + escaped + "'",
                     timeout + std::chrono::seconds(30));
}

void WholeMachine::stop_inner(const std::string& name) {
  const auto found = shared().inner.find(name);
  if (found == shared().inner.end() || found->second <= 0) return;
  const std::string pid = std::to_string(found->second);
  shared().inner.erase(found);
  outer().run("kill -9 " + pid);
  outer().wait_until("! test -d /proc/" + pid);
  outer().run("rm -f " + port_socket(name));
}

}  // namespace wholemachine
