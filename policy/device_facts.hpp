// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 knows of the device that a call is about, as far as rules ask.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace policy {

// Everything but backend, port and history is the device's own claim.
struct DeviceFacts {
  // Fresh: no qube ever got it as it is; known: one did, with these descriptors; changed: it was
  // here with other ones.
  enum class History : std::uint8_t { fresh, known, changed };

  std::string backend = {};
  std::string port_id = {};  // "2-1.4"
  History history = History::fresh;
  std::vector<std::string> interfaces = {};  // "u080650", in the order of the descriptors
  std::uint16_t vendor_id = 0;
  std::uint16_t product_id = 0;
  std::string serial = {};
  std::string name = {};
};

}  // namespace policy
