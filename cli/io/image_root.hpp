// SPDX-License-Identifier: GPL-2.0-or-later
// The root hash of an image or a block device, as a snapshot of it would have it.
#pragma once

#include <filesystem>

#include "base/hash/merkle.hpp"
#include "base/wire/result.hpp"

namespace cli::io {

// Reads all of it. One of another size than `expected_size` is an error and is not read.
base::Result<base::hash::Digest> root_of_image(const std::filesystem::path& path,
                                               std::uint64_t expected_size);

}  // namespace cli::io
