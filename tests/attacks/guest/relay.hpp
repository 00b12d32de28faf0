// SPDX-License-Identifier: GPL-2.0-or-later
// dom0's part: moves bytes between backend and frontend without looking at them.
#pragma once

#include <chrono>
#include <vector>

#include "base/io/fd.hpp"

namespace attacks {

class Relay {
 public:
  Relay(base::io::Fd backend, base::io::Fd frontend);

  // Moves what there is, waiting at most so long. False once either end has closed.
  bool turn(std::chrono::milliseconds most);
  std::chrono::steady_clock::time_point last_bytes() const { return last_; }
  std::size_t from_frontend() const { return from_frontend_; }
  void close_frontend() { frontend_.end.reset(); }
  void close_backend() { backend_.end.reset(); }

 private:
  struct Side {
    base::io::Fd end;
    std::vector<char> waiting;  // for the other side
  };
  bool move(Side& from, Side& to, short from_events, short to_events);

  Side backend_, frontend_;
  std::size_t from_frontend_ = 0;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace attacks
