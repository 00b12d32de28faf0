// SPDX-License-Identifier: GPL-2.0-or-later
// Whole small files: read with a bound, write so that a crash leaves the old or the new content.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

namespace base::io {

// The content of a file of at most `limit` bytes; a longer one is an error, not cut.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);
// An attribute of sysfs without the newline that the kernel adds; empty when there is none.
std::string read_attribute(const std::filesystem::path& path);
// Writes a temporary file beside `path`, syncs it and renames it over.
Status write_file_atomically(const std::filesystem::path& path, std::string_view content,
                             unsigned mode = 0644);
// All of `data` to a blocking or non-blocking fd; waits (poll) where the fd is full.
Status write_all(const Fd& fd, std::string_view data);
// Reads until end of file, or `limit` bytes (more is an error).
Result<std::string> read_all(const Fd& fd, std::size_t limit);

}  // namespace base::io
