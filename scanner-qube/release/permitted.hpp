// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a scan's report lets the files of a list through.
//
// Pure.
#pragma once

#include <string>

#include "scanner-qube/release/release_list.hpp"
#include "scanner-qube/report/statement.hpp"

namespace scannerqube::release {

// Report and list are of the same qube: one that names a file as clean and as something else, or
// more files than were clean, was taken over, or is broken. Nothing that it says is believed then.
base::Status check_permitted(const ReleaseList& list, const report::ScanReport& report);

// Whether files may go out of a medium of which something was not looked at. Not by itself.
enum class Incomplete : std::uint8_t { refuse, allow };
// Something was not looked at in full, whatever else was found.
bool is_incomplete(const report::ScanReport& report);
// An error: nothing may be released, and what would have to be done.
base::Status check_release(const report::Statement& statement, Incomplete incomplete);

// For people: how many files of the medium are not among those that were released, and why.
std::string left_out_lines(const report::Statement& statement, std::size_t released);
// The report for people, and that; each line begins with "# ".
std::string release_note(const report::Statement& statement, std::size_t released);

}  // namespace scannerqube::release
