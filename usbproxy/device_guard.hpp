// SPDX-License-Identifier: GPL-2.0-or-later
// Stands between a target and its device, in sys-usb: what the attachment has no right to never
// reaches the device, whatever the target's frontend has become.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "usbproxy/firewall/model.hpp"
#include "usbproxy/firewall/rights.hpp"
#include "usbproxy/redir_decoder.hpp"
#include "usbproxy/redir_packet.hpp"
#include "usbproxy/storage_filter.hpp"

namespace usbproxy {

enum class GuardError {
  not_given,      // an endpoint of an interface, or of a setting, that is not given
  no_streams,     // bulk streams that the endpoint does not have
  other_transfer  // read-only storage: no bulk transfer
};
const char* describe(GuardError error);

// Judges packets that the decoder and the gate (backend_gate.hpp) have let through. Control
// requests are judged by the rules of firewall/control_rules.hpp, as in the frontend; what is
// refused is answered here like a device that does not know it. It follows the device's setting by
// the statuses that the library reports.
class DeviceGuard {
 public:
  enum class Verdict {
    pass,     // to the library
    answered  // not to the library: `reply` is for the guest
  };

  // `whole`: what the descriptors say, in configuration `configuration` (0: none), all interfaces
  // in their first setting.
  static firewall::Checked<DeviceGuard> make(firewall::Device whole, const firewall::Rights& rights,
                                             std::uint8_t configuration);

  // Appends whole packets to `reply`; leaves it alone on pass. `caps`: the decoder's.
  base::Result<Verdict, GuardError> check(const redir::Packet& packet, std::uint32_t caps,
                                          std::vector<std::byte>& reply);
  // A whole packet that the library sends.
  void note_sent(base::wire::Bytes packet, std::uint32_t caps);

  // Commands to read-only storage that never reached it.
  std::uint64_t refused_commands() const;

 private:
  struct Slot {
    enum class Kind { unknown, hidden, given } kind = Kind::unknown;
    std::uint8_t interface_number = 0;
  };
  using Checked = base::Result<Verdict, GuardError>;
  struct Answer {
    std::uint32_t caps = 0;
    std::uint64_t id = 0;
    std::vector<std::byte>& bytes;

    Verdict operator()(redir::PacketType type, const redir::Body& body,
                       base::wire::Bytes data = {}) const {
      redir::append_packet(bytes, caps, type, id, body, data);
      return Verdict::answered;
    }
  };

  DeviceGuard(firewall::Device whole, firewall::Device given, const firewall::Rights& rights,
              std::uint8_t configuration);

  Verdict check_control(const redir::ControlPacket& control, const Answer& answer);
  Verdict check_configuration(std::uint8_t value, const Answer& answer);
  Verdict check_alternate(const redir::AltSetting& wanted, const Answer& answer);
  Checked check_bulk(const redir::Packet& packet, const Answer& answer);
  Checked check_other(std::uint8_t endpoint) const;
  Checked check_bulk_streams(std::uint32_t endpoints, std::uint32_t streams) const;
  void use_configuration(std::uint8_t value);
  void reset_storage();

  firewall::Device whole_;
  firewall::Device given_;
  firewall::ControlRules rules_;
  firewall::Rights::Storage storage_rights_;
  firewall::Setting setting_;
  std::array<Slot, redir::endpoint_slots> slots_{};
  std::array<StorageFilter, firewall::max_device_interfaces> storage_{};  // by interface
};

}  // namespace usbproxy
