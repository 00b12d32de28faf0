// SPDX-License-Identifier: GPL-2.0-or-later
// What the Admin API answers, byte for byte as Qubes' clients read it.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/device/properties.hpp"

namespace dom0 {

using AdminReply = std::vector<std::byte>;

// A longer error text is cut here.
inline constexpr std::size_t max_error_text = 4096;

// Exception types that Qubes' clients (and ours) know; another one is shown as its text alone.
// Each is a QubesException there, for their tools catch no other. So PermissionDenied and
// ProtocolError, which qubesd answers with nothing at all, have other names here.
namespace error_type {
inline constexpr std::string_view already_attached = "DeviceAlreadyAttached";
inline constexpr std::string_view not_attached = "DeviceNotAttached";
inline constexpr std::string_view already_assigned = "DeviceAlreadyAssigned";
inline constexpr std::string_view not_assigned = "DeviceNotAssigned";
inline constexpr std::string_view no_such_property = "QubesNoSuchPropertyError";
inline constexpr std::string_view no_such_feature = "QubesFeatureNotFoundError";
inline constexpr std::string_view not_found = "DeviceNotFound";
inline constexpr std::string_view unrecognized = "UnrecognizedDevice";
inline constexpr std::string_view no_such_qube = "QubesVMNotFoundError";
inline constexpr std::string_view not_running = "QubesVMNotRunningError";
inline constexpr std::string_view not_halted = "QubesVMNotHaltedError";
inline constexpr std::string_view permission_denied = "QubesDaemonCommunicationError";
inline constexpr std::string_view no_such_method = "QubesDaemonAccessError";
inline constexpr std::string_view protocol = "QubesValueError";
inline constexpr std::string_view any = "QubesException";
}  // namespace error_type

// "0" NUL data
AdminReply encode_ok(std::string_view data = {});
// "2" NUL type NUL NUL text NUL: the traceback is always empty. NULs in type and text become '_'.
AdminReply encode_error(std::string_view type, std::string_view text);
// "1" NUL subject NUL event NUL (key NUL value NUL)... NUL. The subject is empty for dom0 itself.
AdminReply encode_event(std::string_view subject, std::string_view event,
                        const base::device::Properties& facts = {});

}  // namespace dom0
