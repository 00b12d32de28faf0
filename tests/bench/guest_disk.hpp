// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and writing a disk past the page cache, timed by the machine's own clock. Each prints
// seconds, if nothing else is said, and returns an exit status.
#pragma once

namespace bench_guest {

// The start of the disk, 1 MiB at a time. Reading also prints how many USB requests it took.
int read_disk(const char* disk, long mib);
int write_disk(const char* disk, long mib);
// `count` reads of 4 KiB at random places, always the same, with 32 of them under way (io_uring).
int random_reads(const char* disk, long count);
// What the frontend allocates while the disk is read once more: prints that number and the number
// of its USB requests. `counter` is the file that bench_allocations counts into.
int allocations_of_reading(const char* disk, long mib, const char* counter);

}  // namespace bench_guest
