// SPDX-License-Identifier: GPL-2.0-or-later
// Group input: sender and receiver of input-proxy against a straight pipe, and the injection watch
// against its corpus.
#pragma once

#include "base/wire/result.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/usb.hpp"

namespace bench {

base::Result<Report> measure_input(unsigned rounds, Timekeeping clock);

}  // namespace bench
