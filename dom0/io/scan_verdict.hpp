// SPDX-License-Identifier: GPL-2.0-or-later
// What the scanner said of a snapshot, as sallyport-scans has signed it.
#pragma once

#include "dom0/io/switchboard.hpp"
#include "policy/device_facts.hpp"

namespace dom0::io {

struct ScanFacts {
  policy::DeviceFacts::Scan scan = policy::DeviceFacts::Scan::none;
  std::optional<std::uint64_t> age = {};  // of the signatures, in seconds
  std::string text = {};                  // for people
};

// Of a device of a qube that stores snapshots; of any other there is no verdict. Looked up each
// time: a scan may just have ended. A note that cannot be believed counts as a scan that failed.
ScanFacts scan_of(const Switchboard& board, const std::string& backend, const Device& device);

}  // namespace dom0::io
