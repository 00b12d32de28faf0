// SPDX-License-Identifier: GPL-2.0-or-later
// The way to the backend: the request on stdin, the agent's call, the backend's first bytes.
#pragma once

#include <chrono>
#include <string>

#include "base/io/agent_call.hpp"
#include "base/io/fd.hpp"
#include "usbproxy/device_line.hpp"
#include "usbproxy/frontend_protocol.hpp"

namespace usbproxy::io {

// Reads the request from stdin. An identity may follow the first line a moment later: it is waited
// for this long, unless stdin ends. Once it has come the rest must, for it may hold restrictions.
inline constexpr std::chrono::milliseconds second_line_wait{250};
inline constexpr std::chrono::seconds request_wait{10};
base::Result<AttachRequest> read_request();

// Asks the agent for a stream to the backend.
base::Result<base::io::Fd, base::io::CallRefused> call_backend(const std::string& agent_socket,
                                                               const AttachRequest& request);

// Reads the backend's header, nothing beyond it, until the deadline. An error is the backend's
// reason.
base::Status read_backend_header(const base::io::Fd& stream, std::chrono::seconds deadline);
// The same of Qubes' own wire.
base::Result<DeviceLine> read_device_line(const base::io::Fd& stream,
                                          std::chrono::seconds deadline);

}  // namespace usbproxy::io
