// SPDX-License-Identifier: GPL-2.0-or-later
// libusbredirparser as the other end: it reads what we write, we read what it writes.
#include <gtest/gtest.h>
#include <usbredirparser.h>

#include <memory>

#include "usbproxy/redir_decoder.hpp"

namespace usbproxy::redir {
namespace {

using Buffer = std::vector<std::byte>;

// libusbredirparser in the role of the host or of the guest; counts the callbacks that ran.
class Peer {
 public:
  explicit Peer(Sender role) : parser_(usbredirparser_create(), &usbredirparser_destroy) {
    usbredirparser& p = *parser_;
    p.priv = this;
    p.log_func = [](void*, int, const char*) {};
    p.read_func = [](void* self, std::uint8_t* data, int count) {
      return static_cast<Peer*>(self)->read(data, count);
    };
    p.write_func = [](void* self, std::uint8_t* data, int count) {
      Peer& peer = *static_cast<Peer*>(self);
      for (int i = 0; i < count; ++i) peer.written.push_back(std::byte{data[i]});
      return count;
    };
    set_callbacks(p);
    std::array<std::uint32_t, USB_REDIR_CAPS_SIZE> caps{};
    for (int cap = 0; cap < 8; ++cap) usbredirparser_caps_set_cap(caps.data(), cap);
    usbredirparser_init(&p, "peer", caps.data(), USB_REDIR_CAPS_SIZE,
                        role == Sender::host ? usbredirparser_fl_usb_host : 0);
  }

  bool feed(const Buffer& bytes) {
    input_ = bytes;
    return usbredirparser_do_read(parser_.get()) == 0;
  }
  void flush() { usbredirparser_do_write(parser_.get()); }
  usbredirparser* get() { return parser_.get(); }

  Buffer written;
  std::size_t calls = 0;
  std::size_t data_bytes = 0;
  std::uint64_t last_id = 0;

 private:
  int read(std::uint8_t* data, int count) {
    const std::size_t size = std::min(input_.size(), static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < size; ++i) data[i] = std::to_integer<std::uint8_t>(input_[i]);
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size));
    return static_cast<int>(size);
  }
  template <class... More>
  static void seen(void* self, std::uint64_t id, More...) {
    ++static_cast<Peer*>(self)->calls;
    static_cast<Peer*>(self)->last_id = id;
  }
  template <class Header>
  static void seen_header(void* self, Header*) {
    ++static_cast<Peer*>(self)->calls;
  }
  static void seen_plain(void* self) { ++static_cast<Peer*>(self)->calls; }
  template <class Header>
  static void seen_data(void* self, std::uint64_t id, Header*, std::uint8_t* data, int size) {
    seen(self, id);
    Peer& peer = *static_cast<Peer*>(self);
    peer.data_bytes += static_cast<std::size_t>(size);
    usbredirparser_free_packet_data(peer.get(), data);
  }
  static void set_callbacks(usbredirparser& p) {
    p.hello_func = &seen_header<usb_redir_hello_header>;
    p.device_connect_func = &seen_header<usb_redir_device_connect_header>;
    p.device_disconnect_func = &seen_plain;
    p.reset_func = &seen_plain;
    p.interface_info_func = &seen_header<usb_redir_interface_info_header>;
    p.ep_info_func = &seen_header<usb_redir_ep_info_header>;
    p.set_configuration_func = &seen<usb_redir_set_configuration_header*>;
    p.get_configuration_func = &seen<>;
    p.configuration_status_func = &seen<usb_redir_configuration_status_header*>;
    p.set_alt_setting_func = &seen<usb_redir_set_alt_setting_header*>;
    p.get_alt_setting_func = &seen<usb_redir_get_alt_setting_header*>;
    p.alt_setting_status_func = &seen<usb_redir_alt_setting_status_header*>;
    p.start_iso_stream_func = &seen<usb_redir_start_iso_stream_header*>;
    p.stop_iso_stream_func = &seen<usb_redir_stop_iso_stream_header*>;
    p.iso_stream_status_func = &seen<usb_redir_iso_stream_status_header*>;
    p.start_interrupt_receiving_func = &seen<usb_redir_start_interrupt_receiving_header*>;
    p.stop_interrupt_receiving_func = &seen<usb_redir_stop_interrupt_receiving_header*>;
    p.interrupt_receiving_status_func = &seen<usb_redir_interrupt_receiving_status_header*>;
    p.alloc_bulk_streams_func = &seen<usb_redir_alloc_bulk_streams_header*>;
    p.free_bulk_streams_func = &seen<usb_redir_free_bulk_streams_header*>;
    p.bulk_streams_status_func = &seen<usb_redir_bulk_streams_status_header*>;
    p.cancel_data_packet_func = &seen<>;
    p.filter_reject_func = &seen_plain;
    p.device_disconnect_ack_func = &seen_plain;
    p.start_bulk_receiving_func = &seen<usb_redir_start_bulk_receiving_header*>;
    p.stop_bulk_receiving_func = &seen<usb_redir_stop_bulk_receiving_header*>;
    p.bulk_receiving_status_func = &seen<usb_redir_bulk_receiving_status_header*>;
    p.control_packet_func = &seen_data<usb_redir_control_packet_header>;
    p.bulk_packet_func = &seen_data<usb_redir_bulk_packet_header>;
    p.iso_packet_func = &seen_data<usb_redir_iso_packet_header>;
    p.interrupt_packet_func = &seen_data<usb_redir_interrupt_packet_header>;
    p.buffered_bulk_packet_func = &seen_data<usb_redir_buffered_bulk_packet_header>;
  }

  std::unique_ptr<usbredirparser, decltype(&usbredirparser_destroy)> parser_;
  Buffer input_;
};

struct Sample {
  PacketType type;
  Body body;
  std::size_t data = 0;
};

const std::vector<Sample> from_guest{
    {PacketType::reset, Empty{}, 0},
    {PacketType::set_configuration, Configuration{1}, 0},
    {PacketType::get_configuration, Empty{}, 0},
    {PacketType::set_alt_setting, AltSetting{1, 2}, 0},
    {PacketType::get_alt_setting, InterfaceOnly{1}, 0},
    {PacketType::start_iso_stream, StartIsoStream{0x85, 8, 4}, 0},
    {PacketType::stop_iso_stream, EndpointOnly{0x85}, 0},
    {PacketType::start_interrupt_receiving, EndpointOnly{0x83}, 0},
    {PacketType::stop_interrupt_receiving, EndpointOnly{0x83}, 0},
    {PacketType::alloc_bulk_streams, AllocBulkStreams{1, 4}, 0},
    {PacketType::free_bulk_streams, FreeBulkStreams{1}, 0},
    {PacketType::cancel_data_packet, Empty{}, 0},
    {PacketType::filter_reject, Empty{}, 0},
    {PacketType::start_bulk_receiving, StartBulkReceiving{0, 512, 0x81, 4}, 0},
    {PacketType::stop_bulk_receiving, StopBulkReceiving{0, 0x81}, 0},
    {PacketType::control_packet, ControlPacket{0x80, 6, 0x80, 0, 0x100, 0, 18}, 0},
    {PacketType::control_packet, ControlPacket{0, 9, 0x21, 0, 0x200, 0, 5}, 5},
    {PacketType::bulk_packet, BulkPacket{0x81, 0, 131072, 0}, 0},
    {PacketType::bulk_packet, BulkPacket{0x02, 0, 70000, 0}, 70000},
    {PacketType::iso_packet, DataPacket{0x05, 0, 100}, 100},
    {PacketType::interrupt_packet, DataPacket{0x04, 0, 8}, 8},
};
const std::vector<Sample> from_host{
    {PacketType::interface_info, InterfaceInfo{1, {}, {8}, {6}, {0x50}}, 0},
    {PacketType::ep_info, EpInfo{}, 0},
    {PacketType::device_connect, DeviceConnect{2, 0, 0, 0, 0x951, 0x1666, 0x100}, 0},
    {PacketType::configuration_status, ConfigurationStatus{0, 1}, 0},
    {PacketType::alt_setting_status, AltSettingStatus{0, 1, 2}, 0},
    {PacketType::iso_stream_status, StreamStatus{4, 0x85}, 0},
    {PacketType::interrupt_receiving_status, StreamStatus{0, 0x83}, 0},
    {PacketType::bulk_streams_status, BulkStreamsStatus{1, 4, 0}, 0},
    {PacketType::bulk_receiving_status, BulkReceivingStatus{0, 0x81, 0}, 0},
    {PacketType::control_packet, ControlPacket{0x80, 6, 0x80, 0, 0x100, 0, 18}, 18},
    {PacketType::control_packet, ControlPacket{0, 9, 0x21, 0, 0x200, 0, 5}, 0},
    {PacketType::bulk_packet, BulkPacket{0x81, 0, 131072, 0}, 131072},
    {PacketType::bulk_packet, BulkPacket{0x02, 0, 70000, 0}, 0},
    {PacketType::iso_packet, DataPacket{0x85, 0, 100}, 100},
    {PacketType::interrupt_packet, DataPacket{0x83, 0, 8}, 8},
    {PacketType::interrupt_packet, DataPacket{0x04, 0, 8}, 0},
    {PacketType::buffered_bulk_packet, BufferedBulkPacket{0, 512, 0x81, 0}, 512},
    {PacketType::device_disconnect, Empty{}, 0},
};

void expect_read_by_library(Sender role, const std::vector<Sample>& samples) {
  Peer peer(role);
  Buffer out;
  append_hello(out, 0xff);
  ASSERT_TRUE(peer.feed(out));
  for (const Sample& one : samples) {
    const std::size_t calls = peer.calls;
    const std::size_t bytes = peer.data_bytes;
    out.clear();
    append_packet(out, 0xff, one.type, 0x1234567890U, one.body, Buffer(one.data));
    EXPECT_TRUE(peer.feed(out)) << name_of(one.type);
    EXPECT_EQ(peer.calls, calls + 1) << name_of(one.type);
    EXPECT_EQ(peer.data_bytes, bytes + one.data) << name_of(one.type);
  }
}

TEST(RedirRoundTrip, TheLibraryReadsWhatTheGuestWrites) {
  expect_read_by_library(Sender::host, from_guest);
}

TEST(RedirRoundTrip, TheLibraryReadsWhatTheHostWrites) {
  expect_read_by_library(Sender::guest, from_host);
}

TEST(RedirRoundTrip, WeReadWhatWeWrite) {
  for (const Sender sender : {Sender::host, Sender::guest}) {
    Decoder decoder(sender, 0xff);
    Buffer out;
    append_hello(out, 0xff);
    for (const Sample& one : sender == Sender::host ? from_host : from_guest) {
      append_packet(out, 0xff, one.type, 77, one.body, Buffer(one.data));
    }
    ASSERT_TRUE(decoder.push(out));
    Buffer again;
    for (auto packet = decoder.next();; packet = decoder.next()) {
      ASSERT_TRUE(packet) << describe(packet.error());
      if (*packet == nullptr) break;
      append_packet(again, 0xff, (*packet)->type, (*packet)->id, (*packet)->body, (*packet)->data);
    }
    EXPECT_EQ(again, out);
  }
}

TEST(RedirRoundTrip, WeReadWhatTheLibraryWrites) {
  Peer host(Sender::host);
  Buffer out;
  append_hello(out, 0xff);
  ASSERT_TRUE(host.feed(out));
  usb_redir_ep_info_header endpoints{};
  endpoints.max_packet_size[16] = 512;
  usbredirparser_send_ep_info(host.get(), &endpoints);
  usb_redir_device_connect_header device{};
  device.vendor_id = 0x951;
  device.device_version_bcd = 0x110;
  usbredirparser_send_device_connect(host.get(), &device);
  usb_redir_bulk_packet_header bulk{};
  bulk.endpoint = 0x81;
  bulk.length = static_cast<std::uint16_t>(100000 & 0xffff);
  bulk.length_high = static_cast<std::uint16_t>(100000 >> 16);
  std::vector<std::uint8_t> data(100000, 9);
  usbredirparser_send_bulk_packet(host.get(), 5, &bulk, data.data(), 100000);
  host.flush();

  Decoder decoder(Sender::host, 0xff);
  ASSERT_TRUE(decoder.push(host.written));
  EXPECT_EQ((*decoder.next())->type, PacketType::hello);
  EXPECT_EQ(std::get<EpInfo>((*decoder.next())->body).max_packet_size[16], 512);
  const auto connect = std::get<DeviceConnect>((*decoder.next())->body);
  EXPECT_EQ(connect.vendor_id, 0x951);
  EXPECT_EQ(connect.version_bcd, 0x110);
  const Packet* packet = *decoder.next();
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet->data.size(), 100000U);
  EXPECT_EQ(packet->data.back(), std::byte{9});
}

}  // namespace
}  // namespace usbproxy::redir
