// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/policy_watch.hpp"

namespace dom0::io {

void PolicyWatch::start() {
  board_.tell_of_policy();
  timer_.expires_after(interval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) start();
  });
}

}  // namespace dom0::io
