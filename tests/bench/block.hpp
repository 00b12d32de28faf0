// SPDX-License-Identifier: GPL-2.0-or-later
// ./bench block: the block server beside nbdkit and qemu-nbd, over Unix sockets.
#pragma once

#include <filesystem>

#include "tests/bench/report.hpp"

namespace bench {

base::Result<Report> measure_block(unsigned rounds);
// Its second half: the snapshot process on top of the block server, added to `report`. `medium` is
// a file of 512 MiB.
base::Status measure_snapshots(const std::filesystem::path& medium, unsigned rounds,
                               Report& report);

}  // namespace bench
