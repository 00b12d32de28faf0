// SPDX-License-Identifier: GPL-2.0-or-later
// The small texts and headers around an attachment: the request, the agent's answer, the backend's
// first bytes and vhci_hcd's status file (docs/protocol.md, 2 and 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/device_table.hpp"
#include "usbproxy/firewall/rights.hpp"

namespace usbproxy {

inline constexpr std::size_t max_request = 1024;

// stdin of qubes.USBAttach: "BACKEND PORT\n"; then, if dom0 says more, "identity DEVICE_ID\n", any
// number of "option KEY VALUE\n", and an empty line. The end of stdin stands for that one.
struct AttachRequest {
  std::string backend;
  std::string port;
  std::optional<Identity> identity;
  firewall::Rights rights = {};

  // Whether `text` can be a whole request; `maybe`: unless an identity follows soon.
  enum class Whole { no, maybe, yes };
  static Whole whole(std::string_view untrusted);
  static base::Result<AttachRequest> parse(std::string_view untrusted);
};

// The first bytes of a backend: "SLPU", u16 major, u16 status, u64 features, str16 reason.
inline constexpr std::size_t backend_header_size = 18;  // up to and with the reason's length
inline constexpr std::size_t max_backend_reason = 512;
struct BackendHeader {
  std::uint16_t status = 0;
  std::size_t reason_size = 0;
};
base::Result<BackendHeader> parse_backend_header(base::wire::Bytes untrusted);
// One line: what the status means, and the backend's own words, escaped.
std::string describe_refusal(const BackendHeader& header, std::string_view untrusted_reason);

// Ports of the hub for `speed`, from the text of vhci_hcd's status files.
struct VhciPorts {
  std::vector<std::uint32_t> free;
  std::size_t total = 0;
};
void add_vhci_ports(VhciPorts& ports, std::string_view status_text, Speed speed);
// usbip's number for a speed (linux/usb/ch9.h).
std::uint32_t vhci_speed(Speed speed);

}  // namespace usbproxy
