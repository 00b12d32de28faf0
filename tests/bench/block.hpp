// SPDX-License-Identifier: GPL-2.0-or-later
// ./bench block: the block server beside nbdkit and qemu-nbd, over Unix sockets.
#pragma once

#include <filesystem>

#include "tests/bench/guest.hpp"
#include "tests/bench/report.hpp"

namespace bench {

base::Result<Report> measure_block(unsigned rounds, Timekeeping clock);
// Its second half: the snapshot process on top of the block server, added to `report`. `medium` is
// a file of 512 MiB.
base::Status measure_snapshots(const std::filesystem::path& medium, unsigned rounds,
                               Report& report);

// Its last part, in a machine: a file of a mounted stick, three ways.
base::Status measure_mounted(unsigned rounds, Timekeeping clock, Report& report);

}  // namespace bench
