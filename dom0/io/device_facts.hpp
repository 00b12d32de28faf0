// SPDX-License-Identifier: GPL-2.0-or-later
// What rules may ask of a device, from the inventory and the history.
#pragma once

#include "dom0/io/switchboard.hpp"
#include "policy/device_facts.hpp"

namespace dom0::io {

policy::DeviceFacts facts_of(const Switchboard& board, const std::string& backend,
                             const Device& device);

}  // namespace dom0::io
