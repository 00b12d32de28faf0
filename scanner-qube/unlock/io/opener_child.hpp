// SPDX-License-Identifier: GPL-2.0-or-later
// The process that opens a volume.
#pragma once

#include <sys/types.h>

#include "base/io/fd.hpp"
#include "scanner-qube/unlock/io/opener.hpp"

namespace scannerqube::unlock {

struct OpenerJob {
  const volume::ForkableSource& medium;
  volume::Range place = {};
  volume::FileSystem kind = volume::FileSystem::unknown;
  const base::io::Fd& passphrase;
  const OpenerLimits& limits;
  pid_t parent = -1;
  const base::io::Fd& answer;
};

// What it answers: this and an Unlocked, or anything else and why not.
inline constexpr std::uint8_t opener_opened = 1;
inline constexpr std::uint8_t opener_refused = 0;
inline constexpr std::size_t max_opener_answer = 1024;

// After a fork. Puts on its sandbox, opens, answers, ends.
[[noreturn]] void run_opener(const OpenerJob& job);

}  // namespace scannerqube::unlock
