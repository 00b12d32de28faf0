// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/early-disk/encrypted_disk.hpp"

#include <fstream>

#include "tests/places.hpp"

namespace earlydisk {
namespace {

namespace fs = std::filesystem;

constexpr unsigned disk_mib = 64;
constexpr unsigned output_mib = 256;
const std::string build = places::build();

// PID 1 of the disk: tells what the kernel lets type now, and ends.
const std::string root_init =
    "#!/bin/busybox sh\n"
    "exec >/dev/ttyS0 2>&1\n"
    "echo " +
    root_is_open +
    "\n"
    "for device in /sys/bus/usb/devices/[0-9]*-[0-9]*; do case $device in *:*) continue ;; esac\n"
    "echo \"usb ${device##*/} authorized=$(cat $device/authorized)\"; done\n"
    "grep -c 'USB Keyboard' /proc/bus/input/devices | sed 's/^/keyboards=/'\n"
    "for exe in /proc/[0-9]*/exe; do case $(readlink $exe) in *early-usb*)\n"
    "echo 'still watching'; esac; done\n"
    "echo " +
    root_has_told +
    "\n"
    "echo o >/proc/sysrq-trigger; sleep 60\n";

// The steps of docs/install.md, and a disk; each ends the script when it fails.
std::string maker_script(const fs::path& folder, const std::string& passphrase,
                         const rig::Kernel& kernel) {
  return "set -e; export DM_DISABLE_UDEV=1 PATH=$PATH:/usr/sbin:/sbin; from=" + folder.string() +
         "\n"
         "modprobe -a virtio_blk dm_crypt ext4\n"
         "cp -a $from/installed/etc/initramfs-tools/. /etc/initramfs-tools/\n"
         "cp " +
         build +
         "/bin/sallyport-early-usb /usr/local/sbin/\n"
         "mkdir -p /etc/sallyport; cp $from/early-boot.conf /etc/sallyport/\n"
         "printf " +
         passphrase +
         " >/run/key\n"
         "cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "
         "/dev/vda /run/key\n"
         "cryptsetup open /dev/vda cryptroot --key-file /run/key\n"
         "mkfs.ext4 -q /dev/mapper/cryptroot; mkdir -p /run/root\n"
         "mount /dev/mapper/cryptroot /run/root; cd /run/root\n"
         "mkdir -p bin sbin dev proc sys run; cp /bin/busybox bin/; bin/busybox --install -s bin\n"
         "cp $from/root-init sbin/init; chmod 755 sbin/init\n"
         "cd /; umount /run/root; cryptsetup close cryptroot\n"
         "echo \"cryptroot UUID=$(cryptsetup luksUUID /dev/vda) none luks,initramfs\" "
         ">/etc/crypttab\n"
         // Not all of the kernel's modules: the machine is emulated.
         "printf 'MODULES=list\\nCOMPRESS=gzip\\n' >/etc/initramfs-tools/conf.d/few\n"
         "printf 'virtio_pci\\nvirtio_blk\\next4\\n' >>/etc/initramfs-tools/modules\n"
         "cp " +
         (kernel.folder / "boot" / ("config-" + kernel.version)).string() +
         " /boot/\n"
         "mkinitramfs -o /run/initramfs " +
         kernel.version +
         "\n"
         "cat /run/initramfs >/dev/vdb; sync\n"
         "echo size=$(stat -c %s /run/initramfs)";
}

base::Status stage(const fs::path& folder, const std::string& early_boot_conf) {
  std::ofstream(folder / "early-boot.conf") << early_boot_conf;
  std::ofstream(folder / "root-init") << root_init;
  const auto staged = rig::run_program(
      {"sh", "-ec",
       "DESTDIR=" + (folder / "installed").string() + " cmake -DCMAKE_INSTALL_COMPONENT=core -P " +
           build + "/dist/cmake_install.cmake; truncate -s " + std::to_string(disk_mib) + "M " +
           (folder / "disk").string() + "; truncate -s " + std::to_string(output_mib) + "M " +
           (folder / "initramfs").string()},
      rig::deadline_after(std::chrono::minutes(1)));
  if (!staged) return base::fail(staged.error().text);
  return base::Ok{};
}

}  // namespace

base::Result<EncryptedDisk> make_encrypted_disk(const fs::path& folder,
                                                const std::string& passphrase,
                                                const std::string& early_boot_conf) {
  if (auto staged = stage(folder, early_boot_conf); !staged) {
    return base::fail(staged.error().text);
  }
  rig::MachineOptions options;
  options.name = "maker";
  for (const char* file : {"disk", "initramfs"}) {
    options.arguments.insert(
        options.arguments.end(),
        {"-drive",
         "if=none,format=raw,id=" + std::string(file) + ",file=" + (folder / file).string(),
         "-device", "virtio-blk-pci,drive=" + std::string(file)});
  }
  auto machine = rig::Machine::start(options);
  if (!machine) return base::fail(machine.error().text);
  const rig::Kernel kernel = (*machine)->kernel();
  const auto made =
      (*machine)->run(maker_script(folder, passphrase, kernel), std::chrono::minutes(5));
  const auto size = made.out.rfind("size=");
  if (!made.ok() || size == std::string::npos) return base::fail(made.out);
  machine->reset();
  std::error_code error;
  fs::resize_file(folder / "initramfs", std::stoull(made.out.substr(size + 5)), error);
  if (error) return base::fail("cut the initramfs: " + error.message());
  return EncryptedDisk{
      .kernel = kernel, .disk = folder / "disk", .initramfs = folder / "initramfs"};
}

}  // namespace earlydisk
