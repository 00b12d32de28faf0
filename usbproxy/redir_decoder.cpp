// SPDX-License-Identifier: GPL-2.0-or-later
// The usbredir decoder's checks; see the header for what they promise.
#include "usbproxy/redir_decoder.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace usbproxy::redir {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

enum class Direction { from_host, from_guest, both };

struct Rule {
  PacketType type;
  Direction direction;
  std::uint32_t needs;    // capability bits that must be agreed
  std::size_t body;       // size of the body with no capability
  std::size_t most_data;  // bound of what follows the body
};

constexpr std::size_t most_hello = 4 * max_capability_words;

constexpr std::array rules{
    Rule{PacketType::hello, Direction::both, 0, 64, most_hello},
    Rule{PacketType::device_connect, Direction::from_host, 0, 8, 0},
    Rule{PacketType::device_disconnect, Direction::from_host, 0, 0, 0},
    Rule{PacketType::reset, Direction::from_guest, 0, 0, 0},
    Rule{PacketType::interface_info, Direction::from_host, 0, 132, 0},
    Rule{PacketType::ep_info, Direction::from_host, 0, 96, 0},
    Rule{PacketType::set_configuration, Direction::from_guest, 0, 1, 0},
    Rule{PacketType::get_configuration, Direction::from_guest, 0, 0, 0},
    Rule{PacketType::configuration_status, Direction::from_host, 0, 2, 0},
    Rule{PacketType::set_alt_setting, Direction::from_guest, 0, 2, 0},
    Rule{PacketType::get_alt_setting, Direction::from_guest, 0, 1, 0},
    Rule{PacketType::alt_setting_status, Direction::from_host, 0, 3, 0},
    Rule{PacketType::start_iso_stream, Direction::from_guest, 0, 3, 0},
    Rule{PacketType::stop_iso_stream, Direction::from_guest, 0, 1, 0},
    Rule{PacketType::iso_stream_status, Direction::from_host, 0, 2, 0},
    Rule{PacketType::start_interrupt_receiving, Direction::from_guest, 0, 1, 0},
    Rule{PacketType::stop_interrupt_receiving, Direction::from_guest, 0, 1, 0},
    Rule{PacketType::interrupt_receiving_status, Direction::from_host, 0, 2, 0},
    Rule{PacketType::alloc_bulk_streams, Direction::from_guest, cap::bulk_streams, 8, 0},
    Rule{PacketType::free_bulk_streams, Direction::from_guest, cap::bulk_streams, 4, 0},
    Rule{PacketType::bulk_streams_status, Direction::from_host, cap::bulk_streams, 9, 0},
    Rule{PacketType::cancel_data_packet, Direction::from_guest, 0, 0, 0},
    Rule{PacketType::filter_reject, Direction::from_guest, cap::filter, 0, 0},
    Rule{PacketType::filter_filter, Direction::both, cap::filter, 0, max_filter},
    Rule{PacketType::device_disconnect_ack, Direction::from_guest, cap::device_disconnect_ack, 0,
         0},
    Rule{PacketType::start_bulk_receiving, Direction::from_guest, cap::bulk_receiving, 10, 0},
    Rule{PacketType::stop_bulk_receiving, Direction::from_guest, cap::bulk_receiving, 5, 0},
    Rule{PacketType::bulk_receiving_status, Direction::from_host, cap::bulk_receiving, 6, 0},
    Rule{PacketType::control_packet, Direction::both, 0, 10, 0xffff},
    Rule{PacketType::bulk_packet, Direction::both, 0, 8, max_data},
    Rule{PacketType::iso_packet, Direction::both, 0, 4, 0xffff},
    Rule{PacketType::interrupt_packet, Direction::both, 0, 4, 0xffff},
    Rule{PacketType::buffered_bulk_packet, Direction::from_host, cap::bulk_receiving, 10, max_data},
};

const Rule* rule_for(std::uint32_t untrusted_type) {
  const auto found = std::find_if(rules.begin(), rules.end(), [untrusted_type](const Rule& rule) {
    return static_cast<std::uint32_t>(rule.type) == untrusted_type;
  });
  return found == rules.end() ? nullptr : &*found;
}

std::size_t body_size(const Rule& rule, std::uint32_t caps) {
  const auto extra = [caps](std::uint32_t bit, std::size_t size) {
    return (caps & bit) != 0 ? size : 0;
  };
  if (rule.type == PacketType::device_connect) {
    return rule.body + extra(cap::connect_device_version, 2);
  }
  if (rule.type == PacketType::ep_info) {
    return rule.body + extra(cap::ep_info_max_packet_size, 64) + extra(cap::bulk_streams, 128);
  }
  if (rule.type == PacketType::bulk_packet) return rule.body + extra(cap::bulk_length_32bit, 2);
  return rule.body;
}

void read_into(Reader& in, std::array<std::uint8_t, 32>& out) {
  for (std::uint8_t& value : out) value = in.u8();
}

DeviceConnect read_connect(Reader& in, std::uint32_t caps) {
  DeviceConnect body;
  body.speed = in.u8();
  body.device_class = in.u8();
  body.device_subclass = in.u8();
  body.device_protocol = in.u8();
  body.vendor_id = in.u16();
  body.product_id = in.u16();
  if ((caps & cap::connect_device_version) != 0) body.version_bcd = in.u16();
  return body;
}

InterfaceInfo read_interfaces(Reader& in) {
  InterfaceInfo body;
  body.count = in.u32();
  read_into(in, body.number);
  read_into(in, body.interface_class);
  read_into(in, body.interface_subclass);
  read_into(in, body.interface_protocol);
  return body;
}

EpInfo read_endpoints(Reader& in, std::uint32_t caps) {
  EpInfo body;
  read_into(in, body.type);
  read_into(in, body.interval);
  read_into(in, body.interface_number);
  if ((caps & cap::ep_info_max_packet_size) != 0) {
    for (std::uint16_t& size : body.max_packet_size) size = in.u16();
  }
  if ((caps & cap::bulk_streams) != 0) {
    for (std::uint32_t& streams : body.max_streams) streams = in.u32();
  }
  return body;
}

// Bodies of fixed size without data. Braces evaluate left to right, so fields come in wire order.
Body read_request(PacketType type, Reader& in) {
  switch (type) {
    case PacketType::set_configuration:
      return Configuration{in.u8()};
    case PacketType::configuration_status:
      return ConfigurationStatus{in.u8(), in.u8()};
    case PacketType::set_alt_setting:
      return AltSetting{in.u8(), in.u8()};
    case PacketType::get_alt_setting:
      return InterfaceOnly{in.u8()};
    case PacketType::alt_setting_status:
      return AltSettingStatus{in.u8(), in.u8(), in.u8()};
    case PacketType::start_iso_stream:
      return StartIsoStream{in.u8(), in.u8(), in.u8()};
    case PacketType::stop_iso_stream:
    case PacketType::start_interrupt_receiving:
    case PacketType::stop_interrupt_receiving:
      return EndpointOnly{in.u8()};
    case PacketType::iso_stream_status:
    case PacketType::interrupt_receiving_status:
      return StreamStatus{in.u8(), in.u8()};
    case PacketType::alloc_bulk_streams:
      return AllocBulkStreams{in.u32(), in.u32()};
    case PacketType::free_bulk_streams:
      return FreeBulkStreams{in.u32()};
    case PacketType::bulk_streams_status:
      return BulkStreamsStatus{in.u32(), in.u32(), in.u8()};
    case PacketType::start_bulk_receiving:
      return StartBulkReceiving{in.u32(), in.u32(), in.u8(), in.u8()};
    case PacketType::stop_bulk_receiving:
      return StopBulkReceiving{in.u32(), in.u8()};
    case PacketType::bulk_receiving_status:
      return BulkReceivingStatus{in.u32(), in.u8(), in.u8()};
    case PacketType::hello:
    case PacketType::device_connect:
    case PacketType::device_disconnect:
    case PacketType::reset:
    case PacketType::interface_info:
    case PacketType::ep_info:
    case PacketType::get_configuration:
    case PacketType::cancel_data_packet:
    case PacketType::filter_reject:
    case PacketType::filter_filter:
    case PacketType::device_disconnect_ack:
    case PacketType::control_packet:
    case PacketType::bulk_packet:
    case PacketType::iso_packet:
    case PacketType::interrupt_packet:
    case PacketType::buffered_bulk_packet:
      break;
  }
  return Empty{};
}

}  // namespace

Decoder::Decoder(Sender sender, std::uint32_t our_caps)
    : input_(max_packet + InputBuffer::initial_capacity), sender_(sender), our_caps_(our_caps) {}

base::Result<const Packet*, RedirError> Decoder::next() {
  if (failed_) return base::Unexpected{*failed_};
  input_.consume(std::exchange(taken_, 0));
  const Bytes untrusted = input_.unread();
  const bool wide = (active() & cap::ids_64bit) != 0;
  const std::size_t header_size = wide ? header_size_64 : header_size_32;
  if (untrusted.size() < header_size) return nullptr;
  Reader in(untrusted);
  Header header;
  header.type = in.u32();
  header.length = in.u32();
  header.id = wide ? in.u64() : in.u32();
  // Before its body came, so that a lie about the length is never waited for.
  failed_ = check_header(header);
  if (failed_) return base::Unexpected{*failed_};
  if (in.rest().size() < header.length) return nullptr;

  packet_.raw = untrusted.first(header_size + header.length);
  failed_ = parse(header, packet_.raw.subspan(header_size));
  if (failed_) return base::Unexpected{*failed_};
  taken_ = packet_.raw.size();
  return &packet_;
}

std::optional<RedirError> Decoder::check_header(const Header& untrusted) const {
  const Rule* rule = rule_for(untrusted.type);
  if (rule == nullptr) return RedirError::unknown_type;
  if (!caps_ && rule->type != PacketType::hello) return RedirError::hello_missing;
  if (caps_ && rule->type == PacketType::hello) return RedirError::hello_repeated;
  const auto forbidden = sender_ == Sender::host ? Direction::from_guest : Direction::from_host;
  if (rule->direction == forbidden) return RedirError::wrong_direction;
  if ((rule->needs & ~active()) != 0) return RedirError::not_negotiated;
  const std::size_t body = body_size(*rule, active());
  if (untrusted.length < body) return RedirError::wrong_length;
  if (untrusted.length - body > rule->most_data) {
    return rule->most_data == 0 ? RedirError::wrong_length : RedirError::too_long;
  }
  return std::nullopt;
}

std::optional<RedirError> Decoder::parse(const Header& header, Bytes untrusted) {
  packet_.type = PacketType{header.type};  // check_header found it in the table
  packet_.id = header.id;
  packet_.data = {};
  switch (packet_.type) {
    case PacketType::hello:
      return parse_hello(untrusted);
    case PacketType::control_packet:
    case PacketType::bulk_packet:
    case PacketType::iso_packet:
    case PacketType::interrupt_packet:
    case PacketType::buffered_bulk_packet:
      return parse_data(packet_.type, untrusted);
    case PacketType::filter_filter:
      packet_.body = Empty{};
      packet_.data = untrusted;
      // Exactly one NUL, at the end.
      if (untrusted.empty() || std::find(untrusted.begin(), untrusted.end(), std::byte{0}) !=
                                   std::prev(untrusted.end())) {
        return RedirError::filter_not_text;
      }
      return std::nullopt;
    default:  // the rest has a body of fixed size: below
      break;
  }
  Reader in(untrusted);
  if (packet_.type == PacketType::device_connect) {
    packet_.body = read_connect(in, active());
  } else if (packet_.type == PacketType::interface_info) {
    const InterfaceInfo info = read_interfaces(in);
    if (info.count > max_interfaces) return RedirError::bad_count;
    packet_.body = info;
  } else if (packet_.type == PacketType::ep_info) {
    packet_.body = read_endpoints(in, active());
  } else {
    packet_.body = read_request(packet_.type, in);
  }
  return in.done() ? std::nullopt : std::optional(RedirError::wrong_length);
}

std::optional<RedirError> Decoder::parse_hello(Bytes untrusted) {
  Reader in(untrusted);
  Hello hello;
  for (char& c : hello.version) c = static_cast<char>(in.u8());
  if (std::find(hello.version.begin(), hello.version.end(), '\0') == hello.version.end()) {
    return RedirError::version_not_text;
  }
  if (in.rest().size() % 4 != 0) return RedirError::wrong_length;
  if (!in.rest().empty()) hello.caps = in.u32();  // later words: capabilities we do not know
  caps_ = negotiate(our_caps_, hello.caps);
  packet_.body = hello;
  return std::nullopt;
}

// `rest`: what followed the body. Data travels from where it is read to where it is wanted: IN from
// the host, OUT from the guest; the other direction has a length and no data.
std::optional<RedirError> Decoder::accept_data(std::uint8_t endpoint, std::size_t length,
                                               Bytes rest) {
  const bool in_endpoint = (endpoint & 0x80U) != 0;
  const bool carries = in_endpoint == (sender_ == Sender::host);
  if (rest.size() != (carries ? length : 0)) return RedirError::wrong_length;
  packet_.data = rest;
  return std::nullopt;
}

std::optional<RedirError> Decoder::parse_data(PacketType type, Bytes untrusted) {
  Reader in(untrusted);
  if (type == PacketType::control_packet) {
    const ControlPacket body{in.u8(), in.u8(), in.u8(), in.u8(), in.u16(), in.u16(), in.u16()};
    packet_.body = body;
    return accept_data(body.endpoint, body.length, in.rest());
  }
  if (type == PacketType::bulk_packet) {
    BulkPacket body;
    body.endpoint = in.u8();
    body.status = in.u8();
    body.length = in.u16();
    body.stream_id = in.u32();
    if ((active() & cap::bulk_length_32bit) != 0) {
      body.length |= static_cast<std::uint32_t>(in.u16()) << 16U;
    }
    if (body.length > max_data) return RedirError::too_long;
    packet_.body = body;
    return accept_data(body.endpoint, body.length, in.rest());
  }
  if (type == PacketType::buffered_bulk_packet) {
    const BufferedBulkPacket body{in.u32(), in.u32(), in.u8(), in.u8()};
    if ((body.endpoint & 0x80U) == 0) return RedirError::wrong_direction;
    packet_.body = body;
    return accept_data(body.endpoint, body.length, in.rest());
  }
  const DataPacket body{in.u8(), in.u8(), in.u16()};
  const bool in_endpoint = (body.endpoint & 0x80U) != 0;
  // Iso has no acknowledgement and IN streams have no request: only the data's own way is legal.
  const bool own_way = in_endpoint == (sender_ == Sender::host);
  const bool acknowledges = type == PacketType::interrupt_packet && sender_ == Sender::host;
  if (!own_way && !acknowledges) return RedirError::wrong_direction;
  packet_.body = body;
  return accept_data(body.endpoint, body.length, in.rest());
}

const char* describe(RedirError error) {
  switch (error) {
    case RedirError::hello_missing:
      return "packet before the hello";
    case RedirError::hello_repeated:
      return "second hello";
    case RedirError::unknown_type:
      return "unknown packet type";
    case RedirError::wrong_direction:
      return "packet of the other direction";
    case RedirError::wrong_length:
      return "packet length does not fit its content";
    case RedirError::too_long:
      return "packet too long";
    case RedirError::version_not_text:
      return "hello version is not text";
    case RedirError::bad_count:
      return "more interfaces than possible";
    case RedirError::filter_not_text:
      return "filter is not text";
    case RedirError::not_negotiated:
      return "packet of a capability that was not agreed";
  }
  return "unknown";
}

}  // namespace usbproxy::redir
