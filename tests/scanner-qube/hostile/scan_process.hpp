// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-scan-image over one image, from the outside: what it says, costs and leaves behind.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tests::hostile {

struct ScanRun {
  std::filesystem::path image;
  std::filesystem::path database;
  std::vector<std::string> options = {};
  std::chrono::seconds time{20};   // then it is killed
  bool may_confine_itself = true;  // no: the kernel refuses it seccomp
};

struct ScanOutcome {
  int exit_status = -1;  // -1: a signal, or out of time
  bool in_time = false;
  std::chrono::milliseconds took{0};
  std::uint64_t peak_memory = 0;    // resident bytes, of the one process that had most
  std::string verdict;              // empty: it said none
  std::string said;                 // all of its report, and its errors
  std::vector<std::string> debris;  // files and processes that it left
};

// In a folder for scratch that must be empty afterwards.
ScanOutcome scan_image(const ScanRun& run);

}  // namespace tests::hostile
