// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 says to the services sallyport.BlockAttach and sallyport.Block (docs/protocol.md 4).
#pragma once

#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "block-proxy/nbd/export.hpp"
#include "block-proxy/snapshot/request.hpp"

namespace blockproxy {

inline constexpr std::size_t max_attach_request = 2048;

// "BACKEND NAME\n", then "identity ID\n" and "option KEY VALUE\n" in any order; an empty line or
// the end of file ends it. dom0 has checked the values; they are checked again. The identity is
// dom0's to compare: no stream tells it.
struct AttachRequest {
  std::string backend;
  std::string device;                                 // "sda1"
  nbd::Access access = nbd::Access::read_only;        // option read-only yes|no; must be given
  std::string frontend_dev;                           // option frontend-dev
  enum class Type { disk, cdrom } type = Type::disk;  // option devtype
  // Of a qube that stores snapshots, in place of frontend-dev: what becomes of the device there.
  std::string snapshot;                                          // option snapshot
  snapshot::Fill fill = snapshot::Fill::lazy;                    // option fill lazy|in-order
  snapshot::AtEnd at_end = snapshot::AtEnd::stay_open;           // option seal no|yes
  enum class Use { taken, written } use = Use::taken;            // option commit no|yes

  // `whole`: with the empty line, or up to the end of file.
  static base::Result<AttachRequest> parse(std::string_view whole);
};

// What policy decided, as dom0 writes it into SALLYPORT_OPTIONS: "read-only=yes" or nothing. A
// word that is not known is refused, for it may be one that forbids something.
base::Result<nbd::Access> access_of(std::string_view options);

}  // namespace blockproxy
