// SPDX-License-Identifier: GPL-2.0-or-later
// What the backend says a device is, checked, and whether it is the device that was approved.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "usbproxy/redir_packet.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy {

// The identity that was approved: `VVVV:PPPP:SERIAL:uCCSSPP...`, as dom0 hands it on.
struct Identity {
  std::uint16_t vendor_id = 0, product_id = 0;
  std::string serial;                      // in dom0's letters: firewall::identity_text()
  std::vector<InterfaceClass> interfaces;  // every kind that may appear; empty: not restricted

  static base::Result<Identity> parse(std::string_view text);
};

struct Endpoint {
  std::uint8_t type = redir::endpoint_type::invalid;
  std::uint8_t interface_number = 0;
  std::uint8_t interval = 0;
  std::uint16_t max_packet_size = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Owns the current interface and endpoint tables. They come as a pair in either order; endpoints()
// is what the newest pair says. Every check that fails gives one line for the user.
class DeviceTable {
 public:
  static constexpr std::size_t max_interfaces = 16;

  explicit DeviceTable(std::optional<Identity> expected) : expected_(std::move(expected)) {}

  base::Status set_interfaces(const redir::InterfaceInfo& untrusted);
  base::Status set_endpoints(const redir::EpInfo& untrusted);
  // Needs a complete pair of tables before it.
  base::Status connect(const redir::DeviceConnect& untrusted);

  bool complete() const { return have_interfaces_ && have_endpoints_; }
  const Endpoint& endpoint(std::uint8_t address) const {
    return endpoints_[redir::slot_of(address)];
  }
  const std::array<Endpoint, redir::endpoint_slots>& endpoints() const { return endpoints_; }
  // The class of an interface, if it exists.
  std::optional<InterfaceClass> interface_class(std::uint8_t number) const;
  std::size_t interface_count() const { return interfaces_.size(); }
  Speed speed() const { return speed_; }
  const std::optional<Identity>& expected() const { return expected_; }
  const redir::DeviceConnect& introduction() const { return introduction_; }

 private:
  struct Interface {
    std::uint8_t number = 0;
    InterfaceClass kind;
  };

  std::optional<Identity> expected_;
  std::vector<Interface> interfaces_;
  std::array<Endpoint, redir::endpoint_slots> endpoints_{};
  bool have_interfaces_ = false;
  bool have_endpoints_ = false;
  Speed speed_ = Speed::low;
  redir::DeviceConnect introduction_;
};

}  // namespace usbproxy
