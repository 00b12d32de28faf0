// SPDX-License-Identifier: GPL-2.0-or-later
// How a block device is attached: Qubes' options read-only, frontend-dev and devtype.
//
// Pure. What is wrong with an option is said in the words of Qubes' daemon.
#pragma once

#include <set>
#include <string>

#include "base/device/properties.hpp"
#include "base/wire/result.hpp"
#include "sys-usb/block_record.hpp"

namespace dom0 {

// Those known, each with a value that it can have: read-only "yes" or "no", frontend-dev "xvdi",
// devtype "disk" or "cdrom". What an assignment keeps.
base::Result<base::device::Properties> check_block_options(const base::device::Properties& given);

// The same for a device that is there, with what was not given: read-only as the device is, the
// first free name (from xvdi on, Qubes' order), devtype "cdrom" for one. `taken`: the names of
// what the frontend has already.
base::Result<base::device::Properties> complete_block_options(const base::device::Properties& given,
                                                              const sysusb::BlockRecord& device,
                                                              const std::set<std::string>& taken);

// What the server in the backend is told: "read-only=yes".
std::string server_words(const base::device::Properties& options);

}  // namespace dom0
