// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 asks of the service sallyport.BlockAttach (docs/protocol.md 4).
#pragma once

#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "block-proxy/nbd/export.hpp"

namespace blockproxy {

inline constexpr std::size_t max_attach_request = 2048;

// "BACKEND NAME\n", then "identity ID\n" and "option KEY VALUE\n" in any order; an empty line or
// the end of file ends it. dom0 has checked the values; they are checked again. The identity is
// dom0's to compare: no stream tells it.
struct AttachRequest {
  std::string backend;
  std::string device;                                 // "sda1"
  nbd::Access access = nbd::Access::read_only;        // option read-only yes|no; must be given
  std::string frontend_dev;                           // option frontend-dev; must be given
  enum class Type { disk, cdrom } type = Type::disk;  // option devtype

  // `whole`: with the empty line, or up to the end of file.
  static base::Result<AttachRequest> parse(std::string_view whole);
};

}  // namespace blockproxy
