// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest.hpp"

namespace bench {
namespace {

// By the guest's clock, which leaps while it waits for the host.
constexpr std::chrono::minutes command_deadline{30};

const std::string list_disks =
    "for d in /sys/block/sd*; do [ -e $d ] && echo ${d##*/} $(readlink -f $d); done";

}  // namespace

const std::string find_stick = list_disks + " | grep -v vhci_hcd | cut -d' ' -f1 | grep .";
const std::string find_virtual = list_disks + " | grep -q vhci_hcd";

base::Result<std::string> run_in(rig::Machine& vm, const std::string& command) {
  auto done = vm.run(command, command_deadline);
  if (!done.ok()) {
    const auto log = vm.run("tail -n 20 /run/bench.log; dmesg | tail -n 20", command_deadline);
    return base::fail(command + ": " + done.out + "\n" + log.out);
  }
  while (!done.out.empty() && done.out.back() == '\n') done.out.pop_back();
  return done.out;
}

base::Result<std::string> wait_for_stick(rig::Machine& vm) {
  return run_in(vm, "for i in $(seq 600); do { " + find_stick +
                        "; } && exit 0; sleep 0.1; done; echo the stick did not come back; exit 1");
}

base::Result<std::unique_ptr<rig::Machine>> boot_with_stick(const std::vector<std::string>& image,
                                                            Timekeeping clock) {
  rig::MachineOptions options;
  options.name = "bench";
  options.memory_mib = 1024;
  // Under TCG `rep movsb` moves one byte per instruction; without these two bits kernel and C
  // library copy in larger units, as fast against other code as on real processors.
  options.arguments = {"-cpu", "max,-erms,-fsrm"};
  options.arguments.insert(options.arguments.end(), image.begin(), image.end());
  options.arguments.insert(options.arguments.end(),
                           {"-device", "qemu-xhci,id=xhci", "-device",
                            "usb-storage,id=stick,bus=xhci.0,port=1,drive=image,serial=BENCH"});
  if (clock == Timekeeping::instructions) {
    options.arguments.insert(options.arguments.end(), {"-icount", "shift=1,sleep=off"});
  }
  return rig::Machine::start(options);
}

}  // namespace bench
