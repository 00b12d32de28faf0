// SPDX-License-Identifier: GPL-2.0-or-later
// Names of what we put into a QEMU: they say whose it is, so that what a killed process left behind
// is known.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.hpp"

namespace base::io {

// "sallyport-NAME-PID" of this process. `name`: letters, digits, '-', '.', '_'.
std::string qmp_name(std::string_view name);
// Whether it is such a name of a process that is no more.
bool is_left_behind(std::string_view name);
// The objects of a list in QEMU's answer, by what `key` says; none of an error.
std::vector<std::string> names_in(const Result<boost::json::value>& answer, std::string_view key);

}  // namespace base::io
