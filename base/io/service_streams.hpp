// SPDX-License-Identifier: GPL-2.0-or-later
// What an attaching service does with its stdin, stdout and stderr (docs/protocol.md 4).
#pragma once

#include <string_view>

#include "base/io/fd.hpp"

namespace base::io {

// /dev/null, to be opened before a sandbox that has no files.
Result<Fd> open_dev_null();
// Tells dom0 "attached".
Status tell_attached();
// stdin and stdout are somebody else's from now on.
Status release_stdio(const Fd& dev_null);
// Both: the device is there, and the service's call has nothing more to say.
Status report_attached(const Fd& dev_null);

// The service's exit code, with the reason as a line on stderr.
int ended(int code, std::string_view why);

}  // namespace base::io
