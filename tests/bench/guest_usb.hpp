// SPDX-License-Identifier: GPL-2.0-or-later
// The USB device behind a disk: how many requests it got, and how long one small exchange takes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace bench_guest {

// USB requests of all kinds so far, as the kernel counts them (Documentation/ABI,
// /sys/bus/usb/devices/.../urbnum).
std::optional<std::uint64_t> requests_of(const std::filesystem::path& disk);

// Takes the device from usb-storage and sends it `count` times TEST UNIT READY: 31 bytes of bulk
// OUT, then 13 bytes of bulk IN, by usbfs. Prints the median and the 99th percentile in seconds
// and gives the device back to its driver.
int round_trips(const char* disk, long count);

}  // namespace bench_guest
