// SPDX-License-Identifier: GPL-2.0-or-later
// dom0 and two qubes, sys-usb and work, as processes of the one machine: the daemon, the relay, a
// prompt that answers yes, and per qube an agent and root's device helper, over Unix sockets. Both
// "qubes" share a kernel, so the stick comes back on vhci beside itself.
#pragma once

#include <map>
#include <string>

#include "tests/one-vm/one_vm.hpp"

namespace onevm {

// SALLYPORT_SOAK=1 (./check soak) does every count in full: 200 rounds and 100 of the others are a
// matter of hours in an emulated machine. SALLYPORT_ROUNDS=N is the number whatever the test.
int rounds(int full, int usual);
// What chance begins with: RIG_SEED, which repeats a run, or any.
unsigned seed();

// What must not grow: compared before and after.
struct Leftovers {
  int backends = 0;
  int frontends = 0;
  int daemon_fds = 0;
  int relay_fds = 0;
  int agent_fds = 0;   // both
  int helper_fds = 0;  // both
  int vhci_ports = 0;
  int leases = 0;

  friend bool operator==(const Leftovers&, const Leftovers&) = default;
};
std::ostream& operator<<(std::ostream& stream, const Leftovers& leftovers);

class Qubes : public OneVm {
 protected:
  void SetUp() override;
  void TearDown() override;

  // The stick's port id as sys-usb reports it, such as 2-1.
  static std::string port();
  // Until dom0 knows the stick.
  static rig::CommandResult wait_for_listing();
  static std::string attach_command(const std::string& qube = "work");
  static rig::CommandResult attach(const std::string& qube = "work");
  static rig::CommandResult detach(const std::string& qube = "work");
  // The block device that work's usb-storage made of the attached stick; empty after a minute.
  static std::string wait_for_disk();
  static rig::CommandResult wait_for_no_disk();
  // Why the stick's last attachment ended, as `qvm-usb info` says it.
  static std::string last_detach();
  // Reads work's disk, whenever there is one, without the cache and without end.
  static void start_reader();
  static void stop_reader();
  static Leftovers leftovers();
  // Waits until nothing is attached and the counters are those of `before`.
  static ::testing::AssertionResult settles_to(const Leftovers& before);

  static void start_process(const std::string& name, const std::string& command);
  static void kill_process(const std::string& name, const std::string& signal);
  // One of "prompt", "relay", "daemon", "agent-sys-usb", "agent-work",
  // "devices-sys-usb", "devices-work", as SetUp starts them.
  static void start(const std::string& name);
  // Those that ended are started again, as systemd and init would do.
  static void restart_dead();
  static std::string logs();

  static void set_policy(const std::string& rules);
};

}  // namespace onevm
