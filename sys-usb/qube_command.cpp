// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/qube_command.hpp"

#include <algorithm>
#include <array>

namespace sysusb {
namespace {

using base::config::QubeConfig;
using base::config::Transport;

constexpr std::array plug_drivers{"usb-kbd", "usb-mouse", "usb-tablet", "usb-wacom-tablet",
                                  "usb-ccid"};
constexpr std::array own_ids{"xhci", "root",  "net",   "vsock", "console",
                             "qmp",  "ports", "slot0", "slot1"};

class Command {
 public:
  explicit Command(std::string program) { words_.push_back(std::move(program)); }
  void flag(std::string name) { words_.push_back(std::move(name)); }
  void option(std::string name, std::string value) {
    words_.push_back(std::move(name));
    words_.push_back(std::move(value));
  }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

void add_machine(Command& command, Accelerator accelerator, std::uint32_t memory_mib) {
  command.flag("-nodefaults");
  command.flag("-no-user-config");
  command.flag("-no-reboot");
  command.option("-machine", std::string("q35,accel=") + name_of(accelerator) +
                                 ",usb=off,vmport=off,smbus=off,sata=off,hpet=off,i8042=off," +
                                 "dump-guest-core=off");
  command.option("-cpu", accelerator == Accelerator::kvm ? "host" : "max");
  command.option("-smp", "1");
  command.option("-m", std::to_string(memory_mib));
  command.option("-display", "none");
  command.option("-chardev", "stdio,id=console,mux=off,signal=off");
  command.option("-serial", "chardev:console");
}

std::string kernel_line(Accelerator accelerator) {
  // Hardware that a hostile guest kernel could leak from is real only with KVM.
  return std::string("console=ttyS0 panic=-1 random.trust_cpu=on") +
         (accelerator == Accelerator::tcg ? " mitigations=off" : "");
}

// How the guest's agent reaches dom0.
std::string dial_word(Transport transport) {
  if (transport == Transport::none) return {};
  return std::string(" sallyport.dial=") + (transport == Transport::vsock ? "vsock" : "guestfwd");
}

// A guestfwd dialer is started by libslirp, whose child calls setsid(): elevateprivileges=deny
// would kill it. QEMU runs with no_new_privs in any case, so nothing it starts gains a privilege.
std::string sandbox_for(Transport transport) {
  return std::string("on,obsolete=deny,resourcecontrol=deny") +
         (transport == Transport::unix_socket ? "" : ",elevateprivileges=deny,spawn=deny");
}

// Nothing is there yet: a bus for one port, and a slot for each of two disks.
void add_slots(Command& command) {
  command.option("-device", "virtio-serial-pci,id=ports,max_ports=2");
  for (const std::string number : {"0", "1"}) {
    command.option("-device", "pcie-root-port,id=slot" + number + ",chassis=" + number);
  }
}

void add_transport(Command& command, const QubeConfig& config, const Machine& machine) {
  if (config.transport == Transport::none) return add_slots(command);
  if (config.transport == Transport::vsock) {
    command.option("-device",
                   "vhost-vsock-pci,id=vsock,romfile=,guest-cid=" + std::to_string(config.cid) +
                       ",vhostfd=" + std::to_string(machine.vhost_fd));
    return;
  }
  const std::string dialer =
      shell_word(machine.dial_program) + ' ' + shell_word(machine.qube_socket);
  command.option("-netdev", "user,id=net,restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:4000-cmd:" +
                                option_value(dialer));
  command.option("-device", "virtio-net-pci,netdev=net,romfile=");
}

void add_disks(Command& command, const QubeConfig& config, const Machine& machine) {
  command.option("-drive",
                 "if=none,id=root,format=raw,readonly=on,file=" + option_value(machine.image.root));
  // First on the bus, so it is /dev/vda in the guest.
  command.option("-device", "virtio-blk-pci,drive=root,romfile=");
  std::size_t number = 0;
  for (const std::string& disk : config.disks) {
    const std::string id = "disk" + std::to_string(number++);
    command.option("-drive", "if=none,format=raw,id=" + id + ",file=" + option_value(disk));
    command.option("-device", "virtio-blk-pci,romfile=,drive=" + id);
  }
}

void add_controllers(Command& command, const QubeConfig& config) {
  for (const std::string& controller : config.controllers) {
    if (controller == "emulated") {
      command.option("-device", "qemu-xhci,id=xhci,romfile=,p2=8,p3=8");
    } else {
      command.option("-device", "vfio-pci,romfile=,host=" + controller);
    }
  }
}

}  // namespace

const char* name_of(Accelerator accelerator) {
  return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

ImageFiles image_files(std::string_view folder, std::string_view image) {
  const std::string base = std::string(folder) + '/';
  return {.kernel = base + "vmlinuz",
          .initrd = base + "initrd",
          .root = base + std::string(image) + ".squashfs"};
}

std::string option_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    out += c;
    if (c == ',') out += c;
  }
  return out;
}

std::string shell_word(std::string_view word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

std::vector<std::string> qemu_command(const QubeConfig& config, const Machine& machine) {
  Command command(machine.qemu);
  command.option("-name", config.name);
  command.option("-sandbox", sandbox_for(config.transport));
  add_machine(command, machine.accelerator, config.memory_mib);
  command.option("-chardev",
                 "socket,id=qmp,server=on,wait=off,fd=" + std::to_string(machine.qmp_fd));
  command.option("-mon", "chardev=qmp,mode=control");
  command.option("-kernel", machine.image.kernel);
  command.option("-initrd", machine.image.initrd);
  command.option("-append", kernel_line(machine.accelerator) + " quiet loglevel=3" +
                                dial_word(config.transport));
  add_disks(command, config, machine);
  add_transport(command, config, machine);
  add_controllers(command, config);
  for (const std::string& word : machine.more) command.flag(word);
  return command.take();
}

std::vector<std::string> probe_command(const Machine& machine) {
  Command command(machine.qemu);
  command.option("-sandbox", sandbox_for(Transport::vsock));
  add_machine(command, machine.accelerator, 256);
  command.option("-kernel", machine.image.kernel);
  command.option("-initrd", machine.image.initrd);
  // Not quiet: a kernel that goes on printing is alive, however slow it is.
  command.option("-append",
                 kernel_line(machine.accelerator) + " earlyprintk=ttyS0,115200 sallyport.probe");
  return command.take();
}

bool valid_plug_id(std::string_view id) {
  if (std::ranges::find(own_ids, id) != own_ids.end() || id.starts_with("disk")) return false;
  return base::config::valid_qube_name(id);
}

bool valid_plug_driver(std::string_view driver) {
  return std::ranges::find(plug_drivers, driver) != plug_drivers.end();
}

std::string known_plug_drivers() {
  std::string out;
  for (const std::string_view driver : plug_drivers) {
    out += (out.empty() ? "" : " ") + std::string(driver);
  }
  return out;
}

}  // namespace sysusb
