// SPDX-License-Identifier: GPL-2.0-or-later
// The USB/IP messages that vhci_hcd sends and wants back (what usbip-host answers:
// usbip_reply.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/input_buffer.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::usbip {

enum class UsbipError { unknown_command, bad_direction, bad_endpoint, too_long, too_many_packets };
const char* describe(UsbipError error);

enum class Direction : std::uint32_t { out = 0, in = 1 };

// The first word of a message.
namespace message {
inline constexpr std::uint32_t cmd_submit = 1;
inline constexpr std::uint32_t cmd_unlink = 2;
inline constexpr std::uint32_t ret_submit = 3;
inline constexpr std::uint32_t ret_unlink = 4;
}  // namespace message

namespace flag {
inline constexpr std::uint32_t short_not_ok = 0x1;
inline constexpr std::uint32_t iso_asap = 0x2;
inline constexpr std::uint32_t zero_packet = 0x40;
// usbip-host takes its memory in pages, not in one piece.
inline constexpr std::uint32_t scatter_gather = 0x40000;
}  // namespace flag

inline constexpr std::size_t header_size = 48;
// The largest URB that usbfs over vhci accepts; drivers stay below.
inline constexpr std::uint32_t max_transfer = 4U * 1024 * 1024;
inline constexpr std::uint32_t max_iso_packets = 1024;
inline constexpr std::size_t iso_descriptor_size = 16;

using usbproxy::Setup;

// What a reply is built from: it is kept until the reply is written.
struct Submit {
  std::uint32_t seqnum = 0;
  std::uint32_t devid = 0;
  Direction direction = Direction::out;
  std::uint8_t endpoint = 0;  // number without direction bit, 0..15
  std::uint32_t flags = 0;
  std::uint32_t length = 0;  // at most max_transfer
  std::uint32_t start_frame = 0;
  std::uint32_t iso_packets = 0;  // 0: not isochronous
  std::uint32_t interval = 0;     // in frames or microframes; of periodic endpoints
  std::uint32_t stream = 0;       // of a bulk endpoint that has streams; USB/IP has none
  Setup setup;

  // The endpoint's address as USB writes it.
  std::uint8_t address() const {
    return static_cast<std::uint8_t>(endpoint | (direction == Direction::in ? 0x80U : 0U));
  }
};

enum class CommandKind { submit, unlink };
struct Command {
  CommandKind kind = CommandKind::submit;
  Submit submit = {};           // kind submit
  base::wire::Bytes data = {};  // OUT: length bytes; valid until the next prepare() or push()
  base::wire::Bytes iso = {};   // iso_packets descriptors, as they came
  std::uint32_t seqnum = 0;     // the command's own
  std::uint32_t victim = 0;     // kind unlink: the submit to give up
};

// Wire: 48-byte header, big endian (setup is raw USB), data, iso descriptors. The kernel is the
// side that is protected, but its lengths are bounded all the same: nothing here may grow without
// end. The first error is final.
class Parser {
 public:
  Parser();
  std::span<std::byte> prepare() { return input_.prepare(); }
  void commit(std::size_t count) noexcept { input_.commit(count); }
  bool push(base::wire::Bytes untrusted) { return input_.push(untrusted); }
  // The next whole command; null: needs more bytes. Overwritten by the next call.
  base::Result<const Command*, UsbipError> next();

 private:
  InputBuffer input_;
  Command command_;
  std::size_t taken_ = 0;
  bool failed_ = false;
  UsbipError error_ = UsbipError::unknown_command;
};

// What the device did. Everything else in a reply is copied from the stored request.
struct Completion {
  std::int32_t status = 0;       // 0 or a negated errno
  std::uint32_t out_length = 0;  // OUT: bytes that went out
  base::wire::Bytes in_data;     // IN: bytes that came in
};

// Appends a reply's header and returns the data that must follow it: in_data cut to what was asked
// for IN, nothing for OUT. An isochronous request must not come here.
base::wire::Bytes append_ret_submit(std::vector<std::byte>& out, const Submit& stored,
                                    const Completion& completion);
// Where a packet of an isochronous transfer lies in the transfer's buffer.
struct IsoPlace {
  std::uint32_t offset = 0, length = 0;  // bytes
};
// The places that an isochronous submit names, into `places`. False, and they are not to be used: a
// packet does not lie within the buffer or is longer than `longest`, or all are longer than it.
// vhci_hcd copies to where a reply says, so a reply may name only places that were found good here.
bool read_iso_places(const Command& submit, std::uint32_t longest, std::vector<IsoPlace>& places);

struct IsoPacket {
  IsoPlace place;           // as read_iso_places() found it
  std::int32_t status = 0;  // 0 or a negated errno
  // IN: what came, cut to the place's length. OUT: nothing; all of a packet with status 0 went out.
  base::wire::Bytes in_data;
};
// A whole reply to an isochronous submit. The packets are as many as it asked for, in its order;
// sums, counts and data are made from them (linux/drivers/usb/usbip/usbip_common.c checks those).
// `start_frame`: when the first was served, by a counter of ours.
void append_iso_ret_submit(std::vector<std::byte>& out, const Submit& stored,
                           std::span<const IsoPacket> packets, std::int32_t status,
                           std::uint32_t start_frame);
// A whole reply that fails every packet of an isochronous request; `iso` as it came.
void append_iso_failure(std::vector<std::byte>& out, const Submit& stored, base::wire::Bytes iso,
                        std::int32_t status);
void append_ret_unlink(std::vector<std::byte>& out, std::uint32_t seqnum, std::int32_t status);

// What a kernel writes, and who asks a usbip-host as one does.
void append_cmd_submit(std::vector<std::byte>& out, const Submit& submit,
                       base::wire::Bytes data = {}, base::wire::Bytes iso = {});
// The descriptors of isochronous packets at these places, as they stand behind a submit's data.
void append_iso_places(std::vector<std::byte>& out, std::span<const IsoPlace> places);
void append_cmd_unlink(std::vector<std::byte>& out, std::uint32_t seqnum, std::uint32_t victim,
                       std::uint32_t devid = 0);

}  // namespace usbproxy::usbip
