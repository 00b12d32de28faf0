// SPDX-License-Identifier: GPL-2.0-or-later
// What the programs of Qubes' own wire have in common: a stream on stdin and stdout, and a
// descriptor on which the service that started them hears of the attachment.
#pragma once

#include <optional>
#include <string>

#include "usbproxy/io/frontend_pump.hpp"

namespace usbproxy::io {

// stdin and stdout, under other numbers: /dev/null takes theirs.
base::Result<Pump::Ends> take_standard_streams();

// The value of --attached-fd.
base::Result<int> parse_attached_fd(const std::string& text);
// Our process id, a line; nobody may want to know.
base::Status tell_attached_to(const base::io::Fd& watcher);

}  // namespace usbproxy::io
