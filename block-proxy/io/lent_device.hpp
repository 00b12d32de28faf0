// SPDX-License-Identifier: GPL-2.0-or-later
// The block device of a service call, opened by root's device helper.
#pragma once

#include <filesystem>
#include <string>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"
#include "block-proxy/nbd/export.hpp"

namespace blockproxy::io {

// `name` as dom0 knows it ("sda1"). Read-write takes the device for this caller alone: refused
// while it, or a part of it, is in use here.
base::Result<base::io::Fd> borrow_device(const std::string& untrusted_name, nbd::Access access,
                                         const std::filesystem::path& devices_socket,
                                         const std::filesystem::path& sysfs = "/sys");

}  // namespace blockproxy::io
