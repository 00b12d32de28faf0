// SPDX-License-Identifier: GPL-2.0-or-later
// The single checks of `sallyport doctor` that doctor_findings joins.
#pragma once

#include "cli/doctor_findings.hpp"

namespace cli::doctor {

Finding check_policy(const Facts& facts);
// A question needs somebody who shows it.
Finding check_prompt(const Facts& facts);

}  // namespace cli::doctor
