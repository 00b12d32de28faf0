// SPDX-License-Identifier: GPL-2.0-or-later
// A child of the runner that dies with it, and what it has cost.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/io/fd.hpp"

namespace attacks {

class Process {
 public:
  struct Ended {
    int code = 0;  // 128 + n: signal n
    long memory_kib = 0;
  };
  struct Options {
    std::vector<std::string> command;
    std::vector<int> kept;      // descriptors that it gets under their numbers
    int output = -1;            // its stdout; -1: the log
    std::filesystem::path log;  // its stderr
  };

  static base::Result<Process> start(const Options& options);
  // Runs `work` in a child without exec, in which of ours only `kept` stay open.
  static base::Result<Process> fork_to(const std::vector<int>& kept,
                                       const std::function<int()>& work);

  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), ended_(other.ended_) {}
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { kill(); }

  // Whether it has ended, now or within the time.
  std::optional<Ended> ended(std::chrono::milliseconds patience = {});
  void terminate() const;
  void kill();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
  std::optional<Ended> ended_;
};

}  // namespace attacks
