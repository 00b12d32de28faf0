// SPDX-License-Identifier: GPL-2.0-or-later
// Decisions per second of the policy evaluator; docs/benchmarks.md says what is asked.
#pragma once

#include "base/wire/result.hpp"
#include "tests/bench/report.hpp"

namespace bench {

base::Result<Report> measure_policy(unsigned rounds);

}  // namespace bench
