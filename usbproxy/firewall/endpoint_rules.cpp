// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/endpoint_rules.hpp"

#include <optional>

namespace usbproxy::firewall {
namespace {

constexpr std::size_t endpoint_size = 7;
constexpr std::size_t audio_endpoint_size = 9;
constexpr std::size_t address_at = 2, attributes_at = 3, packet_size_at = 4, interval_at = 6;

using Rule = std::optional<std::string>;  // what is broken

std::string size_text(unsigned size) { return "wMaxPacketSize " + std::to_string(size); }

Rule exceeds(unsigned size, unsigned most, const char* clause) {
  if (size <= most) return std::nullopt;
  return size_text(size) + " exceeds " + std::to_string(most) + " (" + clause + ")";
}

Rule one_of_full_speed_bulk(unsigned size) {
  if (size == 8 || size == 16 || size == 32 || size == 64) return std::nullopt;
  return size_text(size) + " is not 8, 16, 32 or 64 (USB 2.0, 5.8.3)";
}

Rule exactly(unsigned size, unsigned wanted, const char* clause) {
  if (size == wanted) return std::nullopt;
  return size_text(size) + " is not " + std::to_string(wanted) + " (" + clause + ")";
}

// Some devices say at high speed what they are at full speed. Linux says so and goes on
// (drivers/usb/ core/config.c), and nothing here or in vhci depends on 512.
Rule high_speed_bulk(unsigned size) {
  if (!one_of_full_speed_bulk(size)) return std::nullopt;
  return exactly(size, 512, "USB 2.0, 5.8.3");
}

// Bits 12..11: further transactions in a microframe (USB 2.0, table 9-14).
Rule high_bandwidth(std::uint16_t raw) {
  const unsigned size = raw & 0x07ffU;
  const unsigned further = raw >> 11U;
  if (further == 3) return "wMaxPacketSize has the reserved 3 in bits 12..11 (USB 2.0, 9.6.6)";
  if (auto rule = exceeds(size, 1024, "USB 2.0, 5.7.3")) return rule;
  const unsigned least = further == 2 ? 683 : further == 1 ? 513 : 0;
  if (size >= least) return std::nullopt;
  return size_text(size) + " with " + std::to_string(further) +
         " further transactions is less than " + std::to_string(least) + " (USB 2.0, table 9-14)";
}

Rule check_full_speed_size(std::uint16_t raw, std::uint8_t type) {
  if (type == transfer_type::isochronous) return exceeds(raw, 1023, "USB 2.0, 5.6.3");
  if (type == transfer_type::interrupt) return exceeds(raw, 64, "USB 2.0, 5.7.3");
  return one_of_full_speed_bulk(raw);
}

Rule check_size(std::uint16_t raw, std::uint8_t type, Speed speed) {
  if ((raw & 0xe000U) != 0) {
    return size_text(raw) + " has reserved bits 15..13 (USB 2.0, 9.6.6)";
  }
  // Isochronous endpoints of the setting that uses no bandwidth have none (USB 2.0, 5.6.3).
  if (raw == 0 && type != transfer_type::isochronous) return "wMaxPacketSize is 0";
  switch (speed) {
    case Speed::low:
      if (type != transfer_type::interrupt) return "low speed has interrupt endpoints only";
      return exceeds(raw, 8, "USB 2.0, 5.7.3");
    case Speed::full:
      return check_full_speed_size(raw, type);
    case Speed::high:
      if (type == transfer_type::bulk) return high_speed_bulk(raw);
      return high_bandwidth(raw);
    case Speed::super:
      if (type == transfer_type::bulk) return exactly(raw, 1024, "USB 3.2, 9.6.6");
      return exceeds(raw, 1024, "USB 3.2, 9.6.6");
  }
  return std::nullopt;
}

Rule check_interval(std::uint8_t interval, std::uint8_t type, Speed speed) {
  if (type == transfer_type::bulk) return std::nullopt;  // a NAK rate, which nobody uses
  const bool frames =
      type == transfer_type::interrupt && (speed == Speed::low || speed == Speed::full);
  const unsigned most = frames ? 255 : 16;
  if (interval >= 1 && interval <= most) return std::nullopt;
  return "bInterval " + std::to_string(interval) + " is not 1 to " + std::to_string(most) +
         " (USB 2.0, 9.6.6)";
}

Rule check_attributes(std::uint8_t attributes) {
  const std::uint8_t type = attributes & transfer_type::mask;
  if (type == transfer_type::control) return "a control endpoint other than 0 is not attached";
  if ((attributes & 0xc0U) != 0) {
    return "bmAttributes " + hex_byte(attributes) + " has reserved bits 7..6 (USB 2.0, 9.6.6)";
  }
  if (type == transfer_type::bulk && (attributes & 0x3cU) != 0) {
    return "bmAttributes " + hex_byte(attributes) +
           " has reserved bits 5..2 of a bulk endpoint (USB 2.0, 9.6.6)";
  }
  return std::nullopt;
}

}  // namespace

std::string subject_of(const DescribedEndpoint& endpoint) {
  return "endpoint " + hex_byte(endpoint.address);
}

Checked<DescribedEndpoint> parse_endpoint(const Block& block, const Descriptor& in, Speed speed,
                                          const InterfaceClass& kind) {
  DescribedEndpoint endpoint{.address = in.u8(address_at),
                             .attributes = in.u8(attributes_at),
                             .max_packet_size = in.u16(packet_size_at),
                             .interval = in.u8(interval_at)};
  const auto broken = [&](std::size_t at, std::string rule) {
    return block.broken(in.offset + at, subject_of(endpoint), std::move(rule));
  };
  const bool audio = kind.code == class_code::audio && in.size() == audio_endpoint_size;
  if (in.size() != endpoint_size && !audio) {
    return broken(0, "bLength " + std::to_string(in.size()) +
                         " is not an endpoint descriptor's 7 (USB 2.0, 9.6.6)");
  }
  if ((endpoint.address & 0x0fU) == 0) return broken(address_at, "endpoint 0 is not described");
  if ((endpoint.address & 0x70U) != 0) {
    return broken(address_at, "bEndpointAddress has reserved bits 6..4 (USB 2.0, 9.6.6)");
  }
  if (auto rule = check_attributes(endpoint.attributes)) return broken(attributes_at, *rule);
  if (auto rule = check_size(endpoint.max_packet_size, endpoint.type(), speed)) {
    return broken(packet_size_at, *rule);
  }
  if (auto rule = check_interval(endpoint.interval, endpoint.type(), speed)) {
    return broken(interval_at, *rule);
  }
  if (audio) {
    endpoint.audio = DescribedEndpoint::Audio{.refresh = in.u8(7), .synch_address = in.u8(8)};
  }
  return endpoint;
}

Checked<Companion> parse_companion(const Block& block, const Descriptor& in,
                                   const DescribedEndpoint& endpoint) {
  const Companion companion{.max_burst = in.u8(2),
                            .attributes = in.u8(3),
                            .bytes_per_interval = in.u16(4),
                            .iso_bytes_per_interval = std::nullopt};
  const auto broken = [&](std::size_t at, std::string rule) {
    return block.broken(in.offset + at, "companion of " + subject_of(endpoint), std::move(rule));
  };
  constexpr std::size_t companion_size = 6;
  if (in.size() != companion_size) {
    return broken(0, "bLength " + std::to_string(in.size()) + " is not 6 (USB 3.2, 9.6.7)");
  }
  if (companion.max_burst > 15) {
    return broken(
        2, "bMaxBurst " + std::to_string(companion.max_burst) + " exceeds 15 (USB 3.2, 9.6.7)");
  }
  // Bit 7: a second companion follows, which has the bytes of an interval then.
  const unsigned multiplier = companion.attributes & 0x7fU;
  if (endpoint.type() == transfer_type::bulk) {
    if (companion.attributes > 16) return broken(3, "more than 2^16 streams (USB 3.2, 9.6.7)");
    if (companion.bytes_per_interval != 0) {
      return broken(4, "wBytesPerInterval of a bulk endpoint is not 0 (USB 3.2, 9.6.7)");
    }
    return companion;
  }
  const bool iso = endpoint.type() == transfer_type::isochronous;
  if (iso ? multiplier > 2 : companion.attributes != 0) {
    return broken(3, "bmAttributes " + hex_byte(companion.attributes) +
                         " has reserved bits or a multiplier over 2 (USB 3.2, 9.6.7)");
  }
  const unsigned most = endpoint.max_packet_size * (companion.max_burst + 1U) * (multiplier + 1U);
  if (companion.bytes_per_interval > most && (companion.attributes & 0x80U) == 0) {
    return broken(4, "wBytesPerInterval " + std::to_string(companion.bytes_per_interval) +
                         " exceeds the " + std::to_string(most) +
                         " of packet, burst and multiplier (USB 3.2, 9.6.7)");
  }
  return companion;
}

Checked<std::uint32_t> parse_iso_companion(const Block& block, const Descriptor& in,
                                           const DescribedEndpoint& endpoint) {
  constexpr std::size_t iso_companion_size = 8;
  constexpr std::uint32_t max_bytes = 6 * 16 * 1024;  // per interval of a 20 Gbit/s link
  const std::uint32_t bytes = in.u16(4) | static_cast<std::uint32_t>(in.u16(6)) << 16U;
  const bool announced = endpoint.type() == transfer_type::isochronous && endpoint.companion &&
                         (endpoint.companion->attributes & 0x80U) != 0;
  if (!announced || in.size() != iso_companion_size || bytes > max_bytes) {
    return block.broken(in.offset, "second companion of " + subject_of(endpoint),
                        "it was not announced, or its length or size is wrong (USB 3.2, 9.6.8)");
  }
  return bytes;
}

}  // namespace usbproxy::firewall
