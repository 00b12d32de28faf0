// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport snapshot`.
#pragma once

#include <optional>
#include <string>

#include "base/io/paths.hpp"
#include "cli/admin_call.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"
#include "cli/device_info.hpp"

namespace cli::io {

// What follows "sallyport snapshot". Progress goes to stderr meanwhile, if that is a terminal.
Outcome run_snapshot(const Words& words, const Admin& admin, const base::io::Paths& paths,
                     std::size_t columns);

struct SnapshotWish {
  std::string device;    // "sys-usb:sda"
  std::string identity;  // the device's id, and no other device; empty: whatever is there
  std::string name;      // empty: from the device and the time
  std::string storage;   // the qube; empty: the only one that stores snapshots
  bool in_order = false;
  bool seal = false;
};
struct NewSnapshot {
  std::string storage;
  std::string name;
};
// The qube of that name, or if it is empty the only one that stores snapshots.
base::Result<std::string> storage_of(const Admin& admin, const std::string& named);
// What dom0 says of "sys-usb:sda" now; nullopt: nothing.
base::Result<std::optional<DeviceInfo>> find_block_device(const Admin& admin,
                                                          const std::string& device);
// Attaches the device to the qube that stores snapshots, if policy allows.
base::Result<NewSnapshot> make_snapshot(const Admin& admin, SnapshotWish wish);

}  // namespace cli::io
