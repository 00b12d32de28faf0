// SPDX-License-Identifier: GPL-2.0-or-later
// Looks at the files of the policy now and then, so that a mistake is told when it is made, not
// when the next device is plugged in.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "dom0/io/switchboard.hpp"

namespace dom0::io {

// Lives no longer than the board. Decisions do not wait for it: each looks at the files itself.
class PolicyWatch {
 public:
  explicit PolicyWatch(Switchboard& board) : board_(board), timer_(board.io) {}
  // Looks at once, and from then on.
  void start();

 private:
  static constexpr std::chrono::seconds interval{3};

  Switchboard& board_;
  boost::asio::steady_timer timer_;
};

}  // namespace dom0::io
