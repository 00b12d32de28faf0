// SPDX-License-Identifier: GPL-2.0-or-later
// ./bench scan: the scanner beside clamscan and clamd, on the same files.
#pragma once

#include "base/wire/result.hpp"
#include "tests/bench/report.hpp"

namespace bench {

base::Result<Report> measure_scan(unsigned rounds);

}  // namespace bench
