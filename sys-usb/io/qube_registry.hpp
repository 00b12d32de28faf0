// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the registry of qubes, ROOT/etc/sallyport/qubes.d, for the launcher.
#pragma once

#include <string>
#include <vector>

#include "base/config/qube_config.hpp"
#include "base/io/paths.hpp"

namespace sysusb::io {

inline constexpr std::size_t max_qubes = 256;

// The names that have a file, sorted.
base::Result<std::vector<std::string>> qube_names(const base::io::Paths& paths);
// An error for an unknown name lists the known ones.
base::Result<base::config::QubeConfig> load_qube(const base::io::Paths& paths,
                                                 const std::string& name);

}  // namespace sysusb::io
