// SPDX-License-Identifier: GPL-2.0-or-later
// A backend that somebody else than the agent starts: a program with a stream as stdin and stdout.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/io/fd.hpp"

namespace usbproxy::io {

// It ends by itself when its stream does, and gives the device back then.
class BackendProcess {
 public:
  // command[0] is a path. The program has our environment and stderr, and of our other files none.
  static base::Result<BackendProcess> start(std::vector<std::string> command);

  // Ours of the stream; to be taken once.
  base::io::Fd take_stream() { return std::move(stream_); }
  // Once the stream is closed: its end, within some seconds. Needs wait4, poll and kill.
  void wait() const;

 private:
  BackendProcess(pid_t pid, base::io::Fd stream) : pid_(pid), stream_(std::move(stream)) {}

  pid_t pid_;
  base::io::Fd stream_;
};

}  // namespace usbproxy::io
