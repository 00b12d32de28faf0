// SPDX-License-Identifier: GPL-2.0-or-later
// The qube's port: one order in, messages out.
#pragma once

#include "base/io/fd.hpp"
#include "scanner-qube/qube/message.hpp"

namespace scannerqube::io {

class Port {
 public:
  explicit Port(base::io::Fd fd) : fd_(std::move(fd)) {}
  base::Status say(const FromQube& message);
  // All of it, in pieces.
  base::Status say_all(Chunk::Of of, base::wire::Bytes bytes);
  struct Ordered {
    ScanOrder order;
    std::vector<ContentKey> known;  // as many as the order says
    base::io::Fd passphrase;        // in a file in memory; none: there is none
  };
  // Waits as long as it takes.
  base::Result<Ordered> wait_for_order();

 private:
  base::Result<std::vector<std::byte>> next_frame();

  base::io::Fd fd_;
  base::wire::FrameDecoder frames_;
  std::vector<std::byte> out_;
};

}  // namespace scannerqube::io
