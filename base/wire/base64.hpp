// SPDX-License-Identifier: GPL-2.0-or-later
// Base64 with padding (RFC 4648, section 4), one way: nothing here has to read it.
#pragma once

#include <string>

#include "base/wire/reader.hpp"

namespace base::wire {

std::string to_base64(Bytes data);

}  // namespace base::wire
