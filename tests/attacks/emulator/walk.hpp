// SPDX-License-Identifier: GPL-2.0-or-later
// What a configuration's bytes say when they are walked from one length to the next: for a backend
// that has to tell its tables, also of a configuration that is spoiled on purpose.
#pragma once

#include <cstdint>
#include <vector>

#include "base/wire/reader.hpp"

namespace attacks {

struct WalkedEndpoint {
  std::uint8_t address = 0, attributes = 0, interval = 0;
  std::uint16_t max_packet = 0;
};
struct WalkedInterface {
  std::uint8_t number = 0, alternate = 0, code = 0, subclass = 0, protocol = 0;
  std::vector<WalkedEndpoint> endpoints;
};
struct Walked {
  std::uint8_t value = 0;
  std::vector<WalkedInterface> interfaces;
};
// Ends at the first descriptor that is too short or does not fit.
Walked walk(base::wire::Bytes configuration);

}  // namespace attacks
