// SPDX-License-Identifier: GPL-2.0-or-later
// How far the engine goes into one file. What is beyond is not examined, and said so.
#pragma once

#include <chrono>
#include <cstdint>

namespace scannerqube {

struct Limits {
  // libclamav 1.4 takes no file of 2 GiB and more, and calls one clean (others.c, INT_MAX - 2).
  static constexpr std::uint64_t largest_file = 2'147'483'645;

  std::uint64_t file_bytes = largest_file;
  // With all that is unpacked of it. Never above file_bytes: then a member that is too large would
  // be cut without a word (unzip.c, "trimming output size").
  std::uint64_t scan_bytes = std::uint64_t{1} << 30U;
  std::uint32_t members = 50'000;
  std::uint32_t recursion = 20;
  std::chrono::milliseconds time{120'000};

  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace scannerqube
