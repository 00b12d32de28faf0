// SPDX-License-Identifier: GPL-2.0-or-later
// A block device of a paper qube: a line of its inventory file (agent/inventory_file.hpp).
#pragma once

#include <map>
#include <string>

#include "sys-usb/block_record.hpp"

namespace agent {

using KeyValues = std::map<std::string, std::string, std::less<>>;

// Reads a line that has `block`. The name of the field that is wrong; empty: none.
std::string fill_block(const KeyValues& fields, sysusb::BlockRecord& record);

}  // namespace agent
