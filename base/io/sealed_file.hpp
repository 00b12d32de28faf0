// SPDX-License-Identifier: GPL-2.0-or-later
// Files in memory that are handed to another process and changed by nobody any more.
#pragma once

#include <string>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace base::io {

// Empty, to be written and then sealed.
Result<Fd> memory_file();
// All of it from its beginning, wherever it was written last; more than `limit` bytes is an error.
Result<std::string> read_memory_file(const Fd& file, std::size_t limit);
// Neither side can write it or change its size from now on.
Status seal(const Fd& memory_file);
Result<Fd> sealed_copy(wire::Bytes content);

}  // namespace base::io
