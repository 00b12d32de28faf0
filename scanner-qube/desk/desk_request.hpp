// SPDX-License-Identifier: GPL-2.0-or-later
// What a person asks of sallyport-scans: "scan NAME KEY=VALUE...", "report NAME", "release NAME".
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash/digest.hpp"
#include "base/wire/result.hpp"
#include "scanner-qube/unlock/secret.hpp"

namespace scannerqube::desk {

inline constexpr std::size_t max_desk_request = 512;
inline constexpr std::size_t max_passphrase = unlock::max_passphrase;
inline constexpr std::size_t max_device = 128;  // characters of a device, and of its id

struct DeskRequest {
  enum class Verb : std::uint8_t {
    scan,
    report,   // the kept report of these bytes
    release,  // that, its list of clean files, and a stream of the bytes
  } verb = Verb::scan;
  std::string snapshot;  // base/device/snapshot_name.hpp
  // Of a scan alone. The device that it was taken of, as the tool was told it: "sys-usb:sda"; may
  // be empty.
  std::string device;
  // The id that dom0 gives that device ("0951:1666:60A44C:u080650"), as the tool was told; the
  // same.
  std::string device_id = {};
  bool deleted = false;  // deleted=yes: deleted files as well
  bool again = false;    // again=yes: even if there is a report of these bytes
  // medium=HEX, as medium_digest() has it. What is clean on it is remembered for the next scan of
  // the same one, and what is remembered of it is not scanned.
  std::optional<base::hash::Digest> medium = {};
  // passphrase=yes: a file in memory comes with it, whose bytes open encrypted parts. There is a
  // new scan then, and nothing is remembered.
  bool passphrase = false;
  bool stays = true;  // wait=yes: the asker stays, and its leaving ends the scan
  friend bool operator==(const DeskRequest&, const DeskRequest&) = default;
};

// Who a medium is: of its device's id, as dom0 makes it. Nothing where that has no serial number:
// all of a kind would be one.
std::optional<base::hash::Digest> medium_digest(std::string_view device_id);

std::string format_request(const DeskRequest& request);
base::Result<DeskRequest> parse_desk_request(std::string_view untrusted);

}  // namespace scannerqube::desk
