// SPDX-License-Identifier: GPL-2.0-or-later
// One request to the Admin API, as Qubes' own clients write it.
//
// Wire: "METHOD+ARGUMENT SOURCE name TARGET", NUL, payload, end of file.
#pragma once

#include <cstddef>
#include <string>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace dom0 {

inline constexpr std::size_t max_admin_header = 512;
inline constexpr std::size_t max_admin_payload = std::size_t{64} * 1024;
inline constexpr std::size_t max_admin_method = 64;
inline constexpr std::size_t max_admin_name = 63;

struct AdminRequest {
  std::string method;    // "admin.vm.device.usb.Attach": letters, digits, '.', '_', '-'
  std::string argument;  // the same and '+'; may be empty
  std::string source;    // what the client says it is; nobody may trust it
  std::string target;    // a qube's name, or dom0
  std::string payload;   // any bytes
  friend bool operator==(const AdminRequest&, const AdminRequest&) = default;
};

base::Result<AdminRequest> parse_admin_request(base::wire::Bytes untrusted);

}  // namespace dom0
