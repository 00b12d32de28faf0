// SPDX-License-Identifier: GPL-2.0-or-later
// How a block device is attached: Qubes' options read-only, frontend-dev and devtype; and to a qube
// that stores snapshots our own snapshot, fill, seal and commit.
//
// Pure. What is wrong with an option is said in the words of Qubes' daemon.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/device/properties.hpp"
#include "base/wire/result.hpp"
#include "sys-usb/block_record.hpp"

namespace dom0 {

// Those known, each with a value that it can have: read-only "yes" or "no", frontend-dev "xvdi",
// devtype "disk" or "cdrom"; snapshot "sda-1", fill "lazy" or "in-order", seal and commit "yes" or
// "no". What an assignment keeps.
base::Result<base::device::Properties> check_block_options(const base::device::Properties& given);

// What a device is attached for, if nobody says: writing too, where it lets itself be written, or
// reading alone (a snapshot: what is written to it is kept apart).
enum class DefaultAccess { as_the_device, reads };

// The same for a device that is there, with what was not given: read-only, the first free name
// (from xvdi on, Qubes' order), devtype "cdrom" for one. `taken`: the names of what the frontend
// has already.
base::Result<base::device::Properties> complete_block_options(
    const base::device::Properties& given, const sysusb::BlockRecord& device,
    const std::set<std::string>& taken, DefaultAccess access = DefaultAccess::as_the_device);

// The same for a qube that stores snapshots: read-only unless what was written to a snapshot is
// committed to the device.
base::Result<base::device::Properties> complete_snapshot_options(
    const base::device::Properties& given, const std::string& default_name);

// What the server in the backend is told: "read-only=yes".
std::string server_words(const base::device::Properties& options);

}  // namespace dom0
