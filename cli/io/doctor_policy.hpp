// SPDX-License-Identifier: GPL-2.0-or-later
// The policy files' answers for `sallyport doctor`, in this process.
#pragma once

#include "base/io/paths.hpp"
#include "cli/doctor_facts.hpp"

namespace cli::io {

doctor::AskPolicy policy_of(const base::io::Paths& paths);

}  // namespace cli::io
