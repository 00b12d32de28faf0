// SPDX-License-Identifier: GPL-2.0-or-later
// The scanner qube's own machine: what its first process makes ready, and how it ends.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/io/fd.hpp"

namespace scannerqube::io {

inline constexpr const char* mounted_database = "/db";
inline constexpr const char* scratch_folder = "/tmp";

// Mounts, modules, and no way back: nothing is loaded into the kernel after this. As process 1.
base::Status prepare_machine();
// "/dev/vdb" of the disk that was plugged with this serial number; waits for it.
base::Result<std::string> wait_for_disk(std::string_view serial, std::chrono::milliseconds limit);
base::Status mount_database(const std::string& disk);
// The port of this name to whoever started the machine; waits for it.
base::Result<base::io::Fd> open_port(std::string_view name, std::chrono::milliseconds limit);
[[noreturn]] void power_off();

}  // namespace scannerqube::io
