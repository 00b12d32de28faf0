// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/remote_kernel.hpp"

#include <algorithm>

namespace usbproxy {

std::span<std::byte> RemoteKernel::prepare() {
  const auto room = session_.prepare_kernel();
  return room.first(std::min(room.size(), max_piece));
}

void RemoteKernel::turn(Time now) {
  if (session_.end() || session_.to_kernel().size() <= max_unread) return;
  session_.target_broke("the target does not take the answers to its requests", now);
}

}  // namespace usbproxy
