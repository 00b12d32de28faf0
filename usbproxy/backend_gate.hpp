// SPDX-License-Identifier: GPL-2.0-or-later
// Stands between the stream and libusbredirhost: nothing that harms the library or exhausts this
// process gets through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/redir_decoder.hpp"

namespace usbproxy {

enum class GateError {
  early_streams,         // the library dereferences null without a device
  stream_bounds,         // of endpoint 0, of none, or more streams than any driver uses
  id_in_use,             // two requests with one id
  too_many_requests,     //
  too_many_bytes,        //
  control_endpoint,      // control on another endpoint than 0
  control_direction,     // would send the device memory that nobody wrote
  stream_direction,      // receiving on an OUT endpoint
  iso_stream_bounds,     //
  iso_without_stream,    // a packet, or an end, of a stream that was not started
  iso_endpoint,          // endpoint 0, or reserved bits of an address
  bulk_receiving_bounds  //
};
const char* describe(GateError error);

// What we announce as usb-host.
inline constexpr std::uint32_t backend_caps = redir::cap::all;

// The decoder has checked form, lengths, direction and capabilities of every packet before; this is
// the state that the library does not keep: which requests are open, and how much they hold. Each
// control, bulk and interrupt OUT packet is one request until the library answers its id.
class Gate {
 public:
  // A network adapter keeps some 60 receive requests open; usbfs itself stops at 16 MiB.
  static constexpr std::size_t max_requests = 256;
  static constexpr std::size_t max_request_bytes = std::size_t{32} * 1024 * 1024;
  static constexpr std::uint32_t max_bulk_receiving_bytes = std::uint32_t{64} * 1024;
  static constexpr std::uint8_t max_transfers = 16;
  static constexpr std::uint8_t max_iso_packets = 32;

  enum class Verdict { pass, ignore };

  // A packet of the guest. `ignore`: not for the library, a cancel that came too late or a filter.
  base::Result<Verdict, GateError> check(const redir::Packet& packet);
  // The hello that the library gets instead of the guest's.
  static std::vector<std::byte> hello_for_library(std::uint32_t guest_caps);

  // A whole packet that the library sends. `caps`: the decoder's, once the guest's hello came.
  void note_sent(base::wire::Bytes packet, std::optional<std::uint32_t> caps);

  // The library has said that the device is gone.
  bool device_disconnected() const { return device_disconnected_; }
  std::size_t open_requests() const { return open_.size(); }
  std::size_t open_bytes() const { return open_bytes_; }

 private:
  struct Open {
    std::uint64_t id = 0;
    std::size_t bytes = 0;
    bool cancelled = false;
  };
  using Checked = base::Result<Verdict, GateError>;

  Checked open(std::uint64_t id, std::size_t bytes);
  Checked cancel(std::uint64_t id);
  Checked check_control(const redir::Packet& packet);
  Checked check_iso(const redir::Packet& packet);
  Checked check_bulk_streams(const redir::Packet& packet) const;
  void close(std::uint64_t id);

  // Bits, by slot_of(): the guest started it and did not stop it. The library may have ended it
  // meanwhile, so to start it again is no error.
  std::uint32_t iso_streams_ = 0;
  std::vector<Open> open_;
  std::size_t open_bytes_ = 0;
  bool device_connected_ = false;
  bool device_disconnected_ = false;
};

}  // namespace usbproxy
