// SPDX-License-Identifier: GPL-2.0-or-later
// Which files of signatures a bundle may hold, by their names.
#pragma once

#include <string_view>

#include "base/wire/result.hpp"

namespace scannerqube::database {

inline constexpr std::size_t max_name = 64;

// Small letters, digits, '.', '_', '-', and a letter or digit first: no path, no option, no
// hidden file. Of both the signatures' files and the self-test's.
base::Status check_name(std::string_view untrusted);

// With an extension that libclamav reads. An error says why another one is refused.
base::Status check_database_name(std::string_view untrusted);

// A container with a header of ClamAV's (container_header.hpp).
bool is_container(std::string_view name);

}  // namespace scannerqube::database
