// SPDX-License-Identifier: GPL-2.0-or-later
// The commands of qvm-device and the tables of their arguments.
#pragma once

#include <string_view>

#include "cli/argument_spec.hpp"

namespace cli {

enum class DeviceAction { list_classes, list, attach, detach, assign, unassign, info, watch };

// The program itself: its options, and the names of its commands.
CommandSpec device_spec(std::string_view prog);
bool is_device_verb(std::string_view verb);
// `verb` is one of device_spec()'s commands, with its aliases: "attach", "at", "a".
DeviceAction action_of(std::string_view verb);
CommandSpec verb_spec(std::string_view prog, std::string_view verb);

}  // namespace cli
