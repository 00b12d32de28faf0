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

namespace usbproxy {

struct InterfaceClass {
  std::uint8_t code = 0, subclass = 0, protocol = 0;
  friend bool operator==(const InterfaceClass&, const InterfaceClass&) = default;
};

// The identity that was approved: `VVVV:PPPP:SERIAL:uCCSSPP...`, as dom0 hands it on. The serial
// number is not visible in usbredir's connect header; it is dom0's to compare.
struct Identity {
  std::uint16_t vendor_id = 0, product_id = 0;
  std::vector<InterfaceClass> interfaces;  // every kind that may appear; empty: not restricted

  static base::Result<Identity> parse(std::string_view text);
};

enum class Speed : std::uint8_t { low = 0, full = 1, high = 2, super = 3 };

struct Endpoint {
  std::uint8_t type = redir::endpoint_type::invalid;
  std::uint8_t interface_number = 0;
  std::uint16_t max_packet_size = 0;
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
  Speed speed() const { return speed_; }
  std::uint16_t vendor_id() const { return vendor_id_; }
  std::uint16_t product_id() const { return product_id_; }

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
  std::uint16_t vendor_id_ = 0, product_id_ = 0;
};

}  // namespace usbproxy
