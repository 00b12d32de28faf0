// SPDX-License-Identifier: GPL-2.0-or-later
// A child process that never outlives the test: killed when the object or the test's process ends.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/rig/line_socket.hpp"

namespace rig {

class Child {
 public:
  // stdout and stderr go to `log`; argv[0] is looked up in PATH.
  static base::Result<Child> start(const std::vector<std::string>& argv,
                                   const std::filesystem::path& log);
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { kill(); }

  // The exit code (128+n: signal n), or nothing at the deadline.
  std::optional<int> wait(Deadline deadline);
  void kill();
  pid_t pid() const { return pid_; }

 private:
  explicit Child(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;  // -1: ended and collected
};

// Runs a program to its end; an exit code other than 0 is an error with the end of what it printed.
base::Result<std::string> run_program(const std::vector<std::string>& argv, Deadline deadline);

// The last `lines` lines of a text file; empty if it cannot be read.
std::string tail(const std::filesystem::path& file, std::size_t lines);

}  // namespace rig
