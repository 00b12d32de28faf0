// SPDX-License-Identifier: GPL-2.0-or-later
// The Debian kernel that test machines boot: a cached, unpacked package, never an installed one.
#pragma once

#include <filesystem>
#include <string>

#include "base/wire/result.hpp"

namespace rig {

struct Kernel {
  std::filesystem::path folder;  // has lib/modules/VERSION
  std::filesystem::path vmlinuz;
  std::string version;
};

// SALLYPORT_KERNEL (environment) names the folder; else sys-usb/image/fetch-kernel prints it.
base::Result<Kernel> find_kernel();

}  // namespace rig
