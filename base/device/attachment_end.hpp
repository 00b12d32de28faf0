// SPDX-License-Identifier: GPL-2.0-or-later
// Exit codes of qubes.USBAttach by which dom0 tells whether an attachment may be continued
// (docs/protocol.md 4).
#pragma once

namespace base::device {

inline constexpr int exit_device_left = 3;     // of an attached device: it, or its stream, is gone
inline constexpr int exit_device_changed = 4;  // since its reset it is another one
inline constexpr int exit_device_types = 5;    // by itself, as no person does

}  // namespace base::device
