// SPDX-License-Identifier: GPL-2.0-or-later
// What a client asks of a scanner machine: "scan size=BYTES largest=BYTES
// deleted=no|yes database=SERIAL sha256=HEX known=no|yes passphrase=no|yes".
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "scanner-qube/qube/message.hpp"

namespace scannerqube {

inline constexpr std::size_t max_machine_request = 256;

struct MachineRequest {
  std::uint64_t size = 0;  // of the medium, without margins
  std::uint64_t largest_file = 0;
  ScanOrder::Deleted deleted = ScanOrder::Deleted::leave_out;
  // That the machine must have loaded: its folder's name and its digest.
  std::string database;
  base::hash::Digest database_sha256 = {};
  // Files in memory come with it, in this order:
  bool known = false;       // a list of contents that need no scan (cache/cache_list.hpp)
  bool passphrase = false;  // of encrypted parts: its bytes
  friend bool operator==(const MachineRequest&, const MachineRequest&) = default;
};

std::string format_request(const MachineRequest& request);
base::Result<MachineRequest> parse_machine_request(std::string_view untrusted);

}  // namespace scannerqube
