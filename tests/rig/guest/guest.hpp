// SPDX-License-Identifier: GPL-2.0-or-later
// Reads commands from the rig's port, runs each with a deadline, and answers with what it printed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/io/fd.hpp"
#include "tests/rig/wire.hpp"

namespace rig::guest {

// The device node of the port named `rig`; waits up to 30 s for the kernel to make it.
base::Result<base::io::Fd> open_port();

class Guest {
 public:
  // Borrows the port. Blocks SIGCHLD for the process.
  static base::Result<Guest> create(const base::io::Fd& port);

  // Waits for one command, runs it and answers.
  void serve_one();

 private:
  struct Running {
    pid_t pid = -1;
    base::io::Fd output;
  };
  struct Outcome {
    int exit = 0;
    std::string output;
  };

  Guest(const base::io::Fd& port, base::io::Fd signals)
      : port_(port), signals_(std::move(signals)) {}

  std::optional<std::string> read_line();
  bool read_more();
  Outcome run(const std::string& command, std::chrono::milliseconds timeout);
  // Collects every child that ended; the status of `wanted` if it was among them.
  std::optional<int> reap(pid_t wanted);

  const base::io::Fd& port_;
  base::io::Fd signals_;
  std::string received_;
};

}  // namespace rig::guest
