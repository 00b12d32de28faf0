// SPDX-License-Identifier: GPL-2.0-or-later
// Files in memory that are handed to another process and changed by nobody any more.
#pragma once

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace base::io {

// Empty, to be written and then sealed.
Result<Fd> memory_file();
// Neither side can write it or change its size from now on.
Status seal(const Fd& memory_file);
Result<Fd> sealed_copy(wire::Bytes content);

}  // namespace base::io
