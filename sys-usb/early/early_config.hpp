// SPDX-License-Identifier: GPL-2.0-or-later
// /etc/sallyport/early-boot.conf, as a value: at which ports a keyboard may type the passphrase.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace sysusb::early {

// Where a device is plugged in, by what does not change from boot to boot.
struct Place {
  std::string controller = {};  // PCI address
  std::string path = {};        // "2.1": port 1 of the hub at port 2; empty: the root hub itself
  friend bool operator==(const Place&, const Place&) = default;
};
std::string text_of(const Place& place);  // "0000:00:14.0-2.1"

// Port numbers with dots between, at most as many as USB has tiers of hubs.
bool valid_path(std::string_view text);

struct Model {
  std::uint16_t vendor = 0;
  std::uint16_t product = 0;
  friend bool operator==(const Model&, const Model&) = default;
};

enum class Ports { listed, any };
enum class ExtraHid { refused, permitted };

inline constexpr unsigned most_keyboards = 8;

// A default-made one allows nothing.
struct EarlyConfig {
  Ports which = Ports::listed;
  std::vector<Place> ports = {};
  std::vector<Model> models = {};  // empty: every one
  unsigned max_keyboards = 1;      // at a time
  ExtraHid extra_hid = ExtraHid::refused;
};

// `file` is only for messages: "FILE:LINE: what is wrong; what would be right".
base::Result<EarlyConfig> parse_early_config(std::string_view text, std::string_view file);

}  // namespace sysusb::early
