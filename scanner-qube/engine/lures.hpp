// SPDX-License-Identifier: GPL-2.0-or-later
// What is there to be started by somebody who takes it for something else: no signature is needed
// to call it suspicious.
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/wire/reader.hpp"

namespace scannerqube {

// Names for findings, printable and bounded (max_finding_text); empty: nothing of the kind. `type`:
// libclamav's ("CL_TYPE_MSEXE"), may be empty. `name`: of the file or the archive's member,
// escaped.
std::vector<std::string> lures_in(std::string_view type, std::string_view name,
                                  base::wire::Bytes layer);

// Whether the name may make a lure of it: then what is known of the same bytes under another name
// is not all there is to say. `begin`: its first bytes, at least 4 if there are so many.
bool may_lure_by_name(std::string_view name, base::wire::Bytes begin);

}  // namespace scannerqube
