// SPDX-License-Identifier: GPL-2.0-or-later
// The ways in which the machine's stick becomes a disk of its virtual controller, and back.
#pragma once

#include <string>
#include <utility>

#include "base/wire/result.hpp"
#include "tests/rig/machine.hpp"

namespace bench {

// Shell commands.
struct Peer {
  std::string name;
  std::string attach;
  std::string detach;
};
Peer kernel_usbip();
Peer usbproxy_peer();
// usbproxy with a frontend whose allocations are counted into `counter` (allocations.cpp).
Peer counted_usbproxy(const std::string& counter);

// usb-storage waits a second before it looks at a new disk, whoever brings it.
enum class Patience { usual, none };
base::Status set_patience(rig::Machine& vm, Patience patience);

struct Attached {
  double seconds = 0;  // from the stick with its own driver to the disk
  std::string disk;
};
base::Result<Attached> attach(rig::Machine& vm, const Peer& peer);
// Returns when the stick's own driver has it again.
base::Status detach(rig::Machine& vm, const Peer& peer);

}  // namespace bench
