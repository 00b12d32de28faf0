// SPDX-License-Identifier: GPL-2.0-or-later
// The backend's header; see there.
#include "usbproxy/backend_header.hpp"

#include "base/wire/writer.hpp"

namespace usbproxy {

std::vector<std::byte> encode_backend_header(BackendStatus status, std::string_view reason) {
  const std::string_view cut = reason.substr(0, max_backend_reason);
  std::vector<std::byte> wire;
  base::wire::Writer(wire)
      .text("SLPU")
      .u16(backend_major)
      .u16(static_cast<std::uint16_t>(status))
      .u64(0)
      .u16(static_cast<std::uint16_t>(cut.size()))
      .text(cut);
  return wire;
}

}  // namespace usbproxy
