// SPDX-License-Identifier: GPL-2.0-or-later
// Asks sallyportd whether the devices are there that a qube does not start without.
#pragma once

#include <string>

#include "base/io/paths.hpp"
#include "base/wire/result.hpp"

namespace sysusb::io {

// An error, in Qubes' words, if one is missing, or if the daemon cannot be asked. Where there never
// was a daemon nothing can be assigned.
base::Status check_required_devices(const base::io::Paths& paths, const std::string& qube);

}  // namespace sysusb::io
