// SPDX-License-Identifier: GPL-2.0-or-later
// The Admin API's methods about qubes themselves, as far as device tools need them.
#pragma once

#include "dom0/io/admin_server.hpp"
#include "dom0/io/switchboard.hpp"

namespace dom0::io {

// admin.vm.List: all qubes for dom0, else the one asked about.
std::string vm_list(const Switchboard& board, const std::string& target);
// admin.vm.CurrentState
std::string current_state(const Switchboard& board, const std::string& qube);
// admin.vm.property.GetAll, and Get of one; nullopt: there is no such property.
std::string properties(const Switchboard& board, const std::string& qube);
std::optional<std::string> property(const Switchboard& board, const std::string& qube,
                                    std::string_view name);
// internal.GetSystemInfo: what policy is decided on, as JSON.
std::string system_info_json(const Switchboard& board);

}  // namespace dom0::io
