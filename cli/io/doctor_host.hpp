// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the facts for `sallyport doctor` from sysfs, the registry and the files of the host.
#pragma once

#include <filesystem>

#include "base/io/paths.hpp"
#include "cli/doctor_facts.hpp"

namespace cli::io {

// Sets `owners` and `registry_problems`. A host without a registry has given nothing away.
void read_registry(const base::io::Paths& paths, doctor::Facts& facts);

// All facts; `ask` answers for the policy. What cannot be read is as if it were not there, but for
// the registry, whose mistakes are among the facts.
doctor::Facts read_facts(const base::io::Paths& paths, const std::filesystem::path& sys,
                         const doctor::AskPolicy& ask);

}  // namespace cli::io
