// SPDX-License-Identifier: GPL-2.0-or-later
// USB/IP messages: parsing the kernel's, writing ours.
#include "usbproxy/usbip.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/wire/writer.hpp"

namespace usbproxy::usbip {
namespace {

using base::wire::BigReader;
using base::wire::BigWriter;
using base::wire::Bytes;

constexpr std::size_t largest_command =
    header_size + max_transfer + max_iso_packets * iso_descriptor_size;

Setup parse_setup(Bytes untrusted) {
  base::wire::Reader in(untrusted);  // USB's own byte order
  return Setup{in.u8(), in.u8(), in.u16(), in.u16(), in.u16()};
}

struct Sizes {
  std::size_t data = 0;
  std::size_t iso = 0;
};

base::Result<Sizes, UsbipError> check(const Submit& untrusted) {
  if (untrusted.length > max_transfer) return base::Unexpected{UsbipError::too_long};
  if (untrusted.iso_packets > max_iso_packets) {
    return base::Unexpected{UsbipError::too_many_packets};
  }
  return Sizes{.data = untrusted.direction == Direction::out ? untrusted.length : 0,
               .iso = untrusted.iso_packets * iso_descriptor_size};
}

struct IsoSums {
  std::uint32_t packets = 0, actual = 0, errors = 0;
};

// Up to the data.
void append_iso_head(BigWriter& writer, const Submit& stored, const IsoSums& sums,
                     std::int32_t status, std::uint32_t start_frame) {
  writer.u32(message::ret_submit)
      .u32(stored.seqnum)
      .u32(stored.devid)
      .u32(static_cast<std::uint32_t>(stored.direction))
      .u32(stored.endpoint)
      .u32(std::bit_cast<std::uint32_t>(status))
      .u32(sums.actual)
      .u32(start_frame)
      .u32(sums.packets)
      .u32(sums.errors)
      .zeros(8);
}

// As much of it as fits its place.
Bytes data_of(const IsoPacket& packet) {
  return packet.in_data.first(std::min<std::size_t>(packet.in_data.size(), packet.place.length));
}

std::uint32_t actual_length(const IsoPacket& packet, Direction direction) {
  if (direction == Direction::in) return static_cast<std::uint32_t>(data_of(packet).size());
  return packet.status == 0 ? packet.place.length : 0;
}

}  // namespace

Parser::Parser() : input_(largest_command + InputBuffer::initial_capacity) {}

base::Result<const Command*, UsbipError> Parser::next() {
  const auto fail_with = [this](UsbipError error) {
    failed_ = true;
    error_ = error;
    return base::Unexpected{error};
  };
  if (failed_) return base::Unexpected{error_};
  input_.consume(std::exchange(taken_, 0));
  const Bytes untrusted = input_.unread();
  if (untrusted.size() < header_size) return nullptr;
  BigReader in(untrusted.first(header_size));
  const std::uint32_t code = in.u32();
  command_ = Command{};
  command_.seqnum = in.u32();
  const std::uint32_t devid = in.u32();
  const std::uint32_t direction = in.u32();
  const std::uint32_t endpoint = in.u32();
  if (code == message::cmd_unlink) {
    command_.kind = CommandKind::unlink;
    command_.victim = in.u32();
    taken_ = header_size;
    return &command_;
  }
  if (code != message::cmd_submit) return fail_with(UsbipError::unknown_command);
  if (direction > 1) return fail_with(UsbipError::bad_direction);
  if (endpoint > 15) return fail_with(UsbipError::bad_endpoint);

  Submit& submit = command_.submit;
  submit.seqnum = command_.seqnum;
  submit.devid = devid;
  submit.direction = Direction{direction};
  submit.endpoint = static_cast<std::uint8_t>(endpoint);
  submit.flags = in.u32();
  submit.length = in.u32();
  submit.start_frame = in.u32();
  submit.iso_packets = in.u32();
  if (submit.iso_packets == 0xffffffffU) submit.iso_packets = 0;  // "none" of other clients
  submit.interval = in.u32();
  submit.setup = parse_setup(in.take(8));
  const auto sizes = check(submit);
  if (!sizes) return fail_with(sizes.error());
  const Bytes rest = untrusted.subspan(header_size);
  if (rest.size() < sizes->data + sizes->iso) return nullptr;
  command_.data = rest.first(sizes->data);
  command_.iso = rest.subspan(sizes->data, sizes->iso);
  taken_ = header_size + sizes->data + sizes->iso;
  return &command_;
}

Bytes append_ret_submit(std::vector<std::byte>& out, const Submit& stored,
                        const Completion& completion) {
  const bool in = stored.direction == Direction::in;
  const Bytes data =
      in ? completion.in_data.first(std::min<std::size_t>(completion.in_data.size(), stored.length))
         : Bytes{};
  const std::uint32_t actual =
      in ? static_cast<std::uint32_t>(data.size()) : std::min(completion.out_length, stored.length);
  BigWriter(out)
      .u32(message::ret_submit)
      .u32(stored.seqnum)
      .u32(stored.devid)
      .u32(static_cast<std::uint32_t>(stored.direction))
      .u32(stored.endpoint)
      .u32(std::bit_cast<std::uint32_t>(completion.status))
      .u32(actual)
      .u32(stored.start_frame)
      .zeros(16);  // no iso packets, no errors, pad
  return data;
}

bool read_iso_places(const Command& submit, std::uint32_t longest, std::vector<IsoPlace>& places) {
  places.clear();
  BigReader in(submit.iso);
  const std::uint32_t whole = submit.submit.length;
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < submit.submit.iso_packets; ++i) {
    const IsoPlace place{in.u32(), in.u32()};
    in.take(8);  // actual_length and status, which are for the reply
    sum += place.length;
    if (place.length > longest || place.offset > whole || place.length > whole - place.offset) {
      return false;
    }
    places.push_back(place);
  }
  return in.ok() && sum <= whole;
}

void append_iso_ret_submit(std::vector<std::byte>& out, const Submit& stored,
                           std::span<const IsoPacket> packets, std::int32_t status,
                           std::uint32_t start_frame) {
  IsoSums sums{.packets = static_cast<std::uint32_t>(packets.size())};
  for (const IsoPacket& packet : packets) {
    sums.actual += actual_length(packet, stored.direction);
    sums.errors += packet.status == 0 ? 0 : 1;
  }
  BigWriter writer(out);
  append_iso_head(writer, stored, sums, status, start_frame);
  if (stored.direction == Direction::in) {
    for (const IsoPacket& packet : packets) writer.bytes(data_of(packet));
  }
  for (const IsoPacket& packet : packets) {
    writer.u32(packet.place.offset)
        .u32(packet.place.length)
        .u32(actual_length(packet, stored.direction))
        .u32(std::bit_cast<std::uint32_t>(packet.status));
  }
}

void append_iso_failure(std::vector<std::byte>& out, const Submit& stored, Bytes iso,
                        std::int32_t status) {
  BigWriter writer(out);
  append_iso_head(writer, stored,
                  {.packets = stored.iso_packets, .actual = 0, .errors = stored.iso_packets},
                  status, stored.start_frame);
  BigReader descriptors(iso);
  for (std::uint32_t i = 0; i < stored.iso_packets; ++i) {
    const std::uint32_t offset = descriptors.u32();
    const std::uint32_t length = descriptors.u32();
    descriptors.take(8);
    writer.u32(offset).u32(length).u32(0).u32(std::bit_cast<std::uint32_t>(status));
  }
}

void append_ret_unlink(std::vector<std::byte>& out, std::uint32_t seqnum, std::int32_t status) {
  BigWriter(out)
      .u32(message::ret_unlink)
      .u32(seqnum)
      .zeros(12)
      .u32(std::bit_cast<std::uint32_t>(status))
      .zeros(24);
}

void append_cmd_submit(std::vector<std::byte>& out, const Submit& submit, Bytes data, Bytes iso) {
  BigWriter(out)
      .u32(message::cmd_submit)
      .u32(submit.seqnum)
      .u32(submit.devid)
      .u32(static_cast<std::uint32_t>(submit.direction))
      .u32(submit.endpoint)
      .u32(submit.flags)
      .u32(submit.length)
      .u32(submit.start_frame)
      .u32(submit.iso_packets)
      .u32(submit.interval);
  base::wire::Writer(out)
      .u8(submit.setup.request_type)
      .u8(submit.setup.request)
      .u16(submit.setup.value)
      .u16(submit.setup.index)
      .u16(submit.setup.length)
      .bytes(data)
      .bytes(iso);
}

void append_iso_places(std::vector<std::byte>& out, std::span<const IsoPlace> places) {
  BigWriter writer(out);
  for (const IsoPlace& place : places) writer.u32(place.offset).u32(place.length).zeros(8);
}

void append_cmd_unlink(std::vector<std::byte>& out, std::uint32_t seqnum, std::uint32_t victim,
                       std::uint32_t devid) {
  BigWriter(out).u32(message::cmd_unlink).u32(seqnum).u32(devid).zeros(8).u32(victim).zeros(24);
}

const char* describe(UsbipError error) {
  switch (error) {
    case UsbipError::unknown_command:
      return "unknown command";
    case UsbipError::bad_direction:
      return "bad direction";
    case UsbipError::bad_endpoint:
      return "bad endpoint";
    case UsbipError::too_long:
      return "transfer too long";
    case UsbipError::too_many_packets:
      return "too many isochronous packets";
  }
  return "unknown";
}

}  // namespace usbproxy::usbip
