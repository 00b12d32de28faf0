// SPDX-License-Identifier: GPL-2.0-or-later
// Moves bytes from one socket to another with splice(2), never through this process's memory.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/io/fd.hpp"

namespace base::io {

// One direction. The kernel's pipe is the only buffer: while the receiver takes nothing, nothing is
// read from the sender (back pressure). Both descriptors are non-blocking and belong to the owner
// of the pump, who stops it before they go. Single-threaded.
class SplicePump : public std::enable_shared_from_this<SplicePump> {
 public:
  using Descriptor = boost::asio::posix::stream_descriptor;
  enum class End { eof, sender_failed, receiver_failed };
  using OnEnd = std::function<void(End)>;

  SplicePump(Descriptor& from, Descriptor& to, FdPair pipe);

  // `on_end` runs once: at end of file (all delivered, not yet passed on) or at the first error.
  void start(OnEnd on_end);
  void stop();
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  enum class Step { again, wait, ended };

  void run();
  Step fill();
  Step drain();
  void wait(Descriptor& descriptor, Descriptor::wait_type type);
  void end(End why);

  Descriptor& from_;
  Descriptor& to_;
  FdPair pipe_;
  std::size_t in_pipe_ = 0;
  std::uint64_t bytes_ = 0;
  OnEnd on_end_;
  bool stopped_ = false;
};

}  // namespace base::io
