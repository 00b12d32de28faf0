// SPDX-License-Identifier: GPL-2.0-or-later
// The machine in which sticks are measured, and commands in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "tests/rig/machine.hpp"

namespace bench {

enum class Timekeeping {
  instructions,  // the guest's clock counts instructions: repeatable
  real           // the guest's clock is the host's: as noisy as the host
};

// The stick's port, as the kernel of the machine names it: super speed, first port.
inline const std::string stick_port = "2-1";
// Commands: the disks of the stick's own controller, one a line; is there one of vhci's?
extern const std::string find_stick;
extern const std::string find_virtual;

// An xHCI with a stick on its first port. `image`: arguments for a block node of that name. One
// that answers at once and in the same thread: with a file, the guest's clock would also measure
// when the host schedules QEMU's worker threads.
base::Result<std::unique_ptr<rig::Machine>> boot_with_stick(const std::vector<std::string>& image,
                                                            Timekeeping clock);
// What the command says, without the last newlines; if it fails, with the ends of the logs.
base::Result<std::string> run_in(rig::Machine& vm, const std::string& command);
base::Result<std::string> wait_for_stick(rig::Machine& vm);

}  // namespace bench
