// SPDX-License-Identifier: GPL-2.0-or-later
// Which users of dom0 stand behind something, by number: from the kernel, of their sockets.
#pragma once

#include <cstdint>
#include <optional>

namespace dom0 {

struct Who {
  std::optional<std::uint32_t> requester = {};  // nobody: a qube, or an assignment
  std::optional<std::uint32_t> approver = {};   // whose prompt agent said yes or no

  friend bool operator==(const Who&, const Who&) = default;
};

}  // namespace dom0
