// SPDX-License-Identifier: GPL-2.0-or-later
// A device in a qube's hands writes by DMA to memory of dom0: the IOMMU stops it. The same device
// writes to the qube's own memory, so that it is known to work.
#include <array>
#include <cstdio>

#include "tests/whole-machine/whole_machine.hpp"

namespace wholemachine {
namespace {

using std::chrono::seconds;

class Dma : public WholeMachine {
 protected:
  void TearDown() override { stop_inner("attacker"); }

  // A page of a process in dom0, outside every address that the inner guest has; 0 on failure.
  static std::uint64_t start_victim() {
    outer().run("rm -f /run/rig/victim.address /run/rig/victim.stop");
    outer().start_background("victim", build +
                                           "/tests/bin/rig_dma victim "
                                           "/run/rig/victim.address /run/rig/victim.stop");
    const auto address = outer().wait_until("cat /run/rig/victim.address 2>&1", seconds(60));
    return address.ok() ? std::strtoull(address.out.c_str(), nullptr, 10) : 0;
  }
  static std::string victims_word() {
    outer().run("touch /run/rig/victim.stop");
    const std::string log = rig::Machine::background_log("victim");
    outer().wait_until("test -s " + log, seconds(20));
    return outer().run("cat " + log).out;
  }
};

std::string hex(std::uint64_t number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
  return text.data();
}

TEST_F(Dma, WriteOutsideTheQubeIsStoppedByTheIommu) {
  const auto iommu = outer().run("ls /sys/class/iommu");
  ASSERT_FALSE(iommu.out.empty()) << "the outer machine has no IOMMU";
  const auto given = give_to_vfio(edu);
  ASSERT_TRUE(given.ok()) << given;
  const std::uint64_t victim = start_victim();
  ASSERT_NE(victim, 0U) << outer().run("cat " + rig::Machine::background_log("victim"));
  outer().run("dmesg --clear");

  const auto started = start_inner("attacker", "-device vfio-pci,host=" + edu);
  ASSERT_TRUE(started.ok()) << started;
  const auto own = run_inner("attacker", "/rig_dma own");
  ASSERT_TRUE(own.ok()) << own;
  EXPECT_EQ(own.out, "same\n");
  const auto before = outer().run("dmesg | grep 'DMAR.*fault addr'");
  EXPECT_FALSE(before.ok()) << "DMA to the qube's own memory faulted:\n" << before;

  const auto attack = run_inner("attacker", "/rig_dma write " + hex(victim));
  ASSERT_TRUE(attack.ok()) << attack;
  EXPECT_EQ(attack.out, "done\n");
  const auto fault = outer().wait_until(
      "dmesg | grep 'DMAR:.*DMA Write.*\\[00:05.0\\] fault addr " + hex(victim) + " '",
      seconds(30));
  EXPECT_TRUE(fault.ok()) << outer().run("dmesg | tail -n 20");
  EXPECT_EQ(victims_word(), "intact\n");
  // Nobody but the device was hurt: the qube goes on.
  EXPECT_EQ(run_inner("attacker", "/rig_dma own").out, "same\n");
}

TEST_F(Dma, XhciAloneInItsGroupGoesToVfio) {
  const auto group =
      outer().run("ls /sys/bus/pci/devices/" + xhci + "/iommu_group/devices | wc -l");
  EXPECT_EQ(group.out, "1\n");
  const auto given = give_to_vfio(xhci);
  EXPECT_TRUE(given.ok()) << given;
}

}  // namespace
}  // namespace wholemachine
