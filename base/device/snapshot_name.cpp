// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/device/snapshot_name.hpp"

#include "base/wire/utc_text.hpp"

namespace base::device {

std::string default_snapshot_name(const std::string& port_id, std::int64_t now) {
  const std::string stamp = base::wire::utc_text(now, "-%Y%m%d-%H%M%S");
  return port_id.substr(0, max_snapshot_name - stamp.size()) + stamp;
}

}  // namespace base::device
