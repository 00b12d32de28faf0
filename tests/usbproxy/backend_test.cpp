// SPDX-License-Identifier: GPL-2.0-or-later
// The gate in front of libusbredirhost, the backend's header, and how a port becomes a device.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "usbproxy/backend_gate.hpp"
#include "usbproxy/backend_header.hpp"
#include "usbproxy/io/backend_device.hpp"

namespace usbproxy {
namespace {

namespace fs = std::filesystem;
using redir::PacketType;
using Verdict = Gate::Verdict;

redir::Packet packet(PacketType type, redir::Body body, std::uint64_t id = 0,
                     base::wire::Bytes data = {}) {
  return redir::Packet{.type = type, .id = id, .body = body, .data = data, .raw = {}};
}

redir::Packet bulk(std::uint64_t id, std::uint32_t length, std::uint8_t endpoint = 0x81) {
  return packet(PacketType::bulk_packet,
                redir::BulkPacket{.endpoint = endpoint, .status = 0, .length = length}, id);
}

redir::Packet control(std::uint8_t endpoint, std::uint8_t type, std::uint16_t length) {
  redir::ControlPacket body;
  body.endpoint = endpoint;
  body.request_type = type;
  body.length = length;
  return packet(PacketType::control_packet, body, 1);
}

redir::Packet cancel(std::uint64_t id) {
  return packet(PacketType::cancel_data_packet, redir::Empty{}, id);
}

// What the library would send.
void answer(Gate& gate, PacketType type, const redir::Body& body, std::uint64_t id) {
  std::vector<std::byte> wire;
  redir::append_packet(wire, backend_caps, type, id, body);
  gate.note_sent(wire, backend_caps);
}

bool passes(Gate& gate, const redir::Packet& untrusted) {
  const auto verdict = gate.check(untrusted);
  return verdict && *verdict == Verdict::pass;
}

void expect_refused(const redir::Packet& untrusted, GateError error) {
  Gate gate;
  const auto verdict = gate.check(untrusted);
  ASSERT_FALSE(verdict.has_value()) << describe(error);
  EXPECT_EQ(verdict.error(), error);
}

redir::Packet alloc(std::uint32_t endpoints, std::uint32_t streams) {
  return packet(PacketType::alloc_bulk_streams, redir::AllocBulkStreams{endpoints, streams});
}

redir::Packet release(std::uint32_t endpoints) {
  return packet(PacketType::free_bulk_streams, redir::FreeBulkStreams{endpoints});
}

// The library would crash.
TEST(BackendGate, RefusesBulkStreamsWithoutADevice) {
  expect_refused(alloc(2, 2), GateError::early_streams);
  expect_refused(release(2), GateError::early_streams);
  Gate gate;
  answer(gate, PacketType::device_connect, redir::DeviceConnect{}, 0);
  EXPECT_TRUE(passes(gate, alloc(2, 2)));
  EXPECT_TRUE(passes(gate, release(2)));
  answer(gate, PacketType::device_disconnect, redir::Empty{}, 0);
  for (const auto& late : {alloc(2, 2), release(2)}) {
    const auto verdict = gate.check(late);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(*verdict, Verdict::ignore);
  }
}

TEST(BackendGate, BoundsBulkStreams) {
  Gate gate;
  answer(gate, PacketType::device_connect, redir::DeviceConnect{}, 0);
  EXPECT_TRUE(passes(gate, alloc(0xfffefffe, redir::max_bulk_streams)));
  for (const auto& wrong : {alloc(2, 1), alloc(2, redir::max_bulk_streams + 1), alloc(0, 2),
                            alloc(3, 2), alloc(1U << 16U, 2), release(0), release(1)}) {
    EXPECT_EQ(gate.check(wrong).error(), GateError::stream_bounds);
  }
  redir::Packet with_stream = bulk(1, 512);
  std::get<redir::BulkPacket>(with_stream.body).stream_id = redir::max_bulk_streams;
  EXPECT_TRUE(passes(gate, with_stream));
  std::get<redir::BulkPacket>(with_stream.body).stream_id = redir::max_bulk_streams + 1;
  with_stream.id = 2;
  EXPECT_EQ(gate.check(with_stream).error(), GateError::stream_bounds);
}

TEST(BackendGate, TheLibraryLearnsOfWhatIsKnown) {
  EXPECT_EQ(Gate::hello_for_library(0xffff)[76], std::byte{0xff});
  EXPECT_EQ(Gate::hello_for_library(0xffff)[77], std::byte{0});
  EXPECT_EQ(Gate::hello_for_library(0x20)[76], std::byte{0x20});
}

TEST(BackendGate, ARequestIsOpenUntilItsAnswer) {
  Gate gate;
  EXPECT_TRUE(passes(gate, bulk(7, 1024)));
  EXPECT_EQ(gate.open_requests(), 1U);
  EXPECT_EQ(gate.open_bytes(), 1024U);
  answer(gate, PacketType::bulk_packet, redir::BulkPacket{.endpoint = 0x81}, 8);  // of nobody
  EXPECT_EQ(gate.open_requests(), 1U);
  answer(gate, PacketType::bulk_packet, redir::BulkPacket{.endpoint = 0x81}, 7);
  EXPECT_EQ(gate.open_requests(), 0U);
  EXPECT_EQ(gate.open_bytes(), 0U);
}

TEST(BackendGate, RefusesAnIdThatIsInUse) {
  Gate gate;
  EXPECT_TRUE(passes(gate, bulk(7, 1)));
  EXPECT_EQ(gate.check(bulk(7, 1)).error(), GateError::id_in_use);
}

TEST(BackendGate, BoundsTheNumberOfRequests) {
  Gate gate;
  for (std::uint64_t id = 0; id < Gate::max_requests; ++id)
    ASSERT_TRUE(passes(gate, bulk(id, 1))) << id;
  EXPECT_EQ(gate.check(bulk(9999, 1)).error(), GateError::too_many_requests);
  answer(gate, PacketType::bulk_packet, redir::BulkPacket{}, 3);
  EXPECT_TRUE(passes(gate, bulk(9999, 1)));
}

TEST(BackendGate, BoundsTheBytesOfOpenRequests) {
  Gate gate;
  constexpr std::uint32_t part = 4 * 1024 * 1024;
  for (std::uint64_t id = 0; id < 8; ++id) ASSERT_TRUE(passes(gate, bulk(id, part))) << id;
  EXPECT_EQ(gate.open_bytes(), Gate::max_request_bytes);
  EXPECT_EQ(gate.check(bulk(9, 1)).error(), GateError::too_many_bytes);
}

TEST(BackendGate, PassesACancelOnceAndOnlyOfAnOpenRequest) {
  Gate gate;
  EXPECT_EQ(*gate.check(cancel(7)), Verdict::ignore);
  EXPECT_TRUE(passes(gate, bulk(7, 512)));
  EXPECT_EQ(*gate.check(cancel(7)), Verdict::pass);
  EXPECT_EQ(*gate.check(cancel(7)), Verdict::ignore);
  answer(gate, PacketType::bulk_packet, redir::BulkPacket{.endpoint = 0x81, .status = 1}, 7);
  EXPECT_TRUE(passes(gate, bulk(7, 512)));  // the id may be used again
}

TEST(BackendGate, InterruptPacketsOfAStreamCloseNoRequest) {
  Gate gate;
  EXPECT_TRUE(
      passes(gate, packet(PacketType::interrupt_packet,
                          redir::DataPacket{.endpoint = 0x02, .status = 0, .length = 0}, 0)));
  answer(gate, PacketType::interrupt_packet, redir::DataPacket{.endpoint = 0x81}, 0);
  EXPECT_EQ(gate.open_requests(), 1U);
  answer(gate, PacketType::interrupt_packet, redir::DataPacket{.endpoint = 0x02}, 0);
  EXPECT_EQ(gate.open_requests(), 0U);
}

TEST(BackendGate, ControlRequestsAgreeAboutTheirDirection) {
  Gate gate;
  EXPECT_TRUE(passes(gate, control(0x80, 0x80, 18)));
  expect_refused(control(0x80, 0x00, 18), GateError::control_direction);
  expect_refused(control(0x00, 0x80, 18), GateError::control_direction);
  expect_refused(control(0x81, 0x80, 18), GateError::control_endpoint);
  Gate without_data;
  EXPECT_TRUE(passes(without_data, control(0x00, 0xc0, 0)));
}

TEST(BackendGate, BoundsIsochronousStreams) {
  const auto start = [](std::uint8_t endpoint, std::uint8_t packets, std::uint8_t urbs) {
    return packet(PacketType::start_iso_stream, redir::StartIsoStream{endpoint, packets, urbs});
  };
  Gate gate;
  EXPECT_TRUE(passes(gate, start(0x81, 1, 1)));
  EXPECT_TRUE(passes(gate, start(0x81, 32, 16)));
  EXPECT_TRUE(passes(gate, start(0x01, 1, 2)));
  for (const auto& bad : {start(0x81, 0, 1), start(0x81, 33, 1), start(0x81, 1, 0),
                          start(0x81, 1, 17), start(0x01, 1, 1)})
    expect_refused(bad, GateError::iso_stream_bounds);
  for (const std::uint8_t endpoint : std::array<std::uint8_t, 4>{0x00, 0x80, 0x91, 0xf1})
    expect_refused(start(endpoint, 8, 4), GateError::iso_endpoint);
}

TEST(BackendGate, IsochronousPacketsNeedTheirStream) {
  const auto data = [](std::uint8_t endpoint) {
    return packet(PacketType::iso_packet, redir::DataPacket{endpoint, 0, 4}, 7,
                  std::vector<std::byte>(4));
  };
  const auto start = packet(PacketType::start_iso_stream, redir::StartIsoStream{0x01, 8, 4});
  const auto stop = packet(PacketType::stop_iso_stream, redir::EndpointOnly{0x01});
  expect_refused(data(0x01), GateError::iso_without_stream);
  expect_refused(stop, GateError::iso_without_stream);
  Gate gate;
  EXPECT_TRUE(passes(gate, start));
  EXPECT_TRUE(passes(gate, data(0x01)));
  EXPECT_TRUE(passes(gate, start));  // the library may have ended it
  EXPECT_EQ(gate.check(data(0x02)).error(), GateError::iso_without_stream);
  EXPECT_TRUE(passes(gate, stop));
  EXPECT_EQ(gate.check(data(0x01)).error(), GateError::iso_without_stream);
  EXPECT_EQ(gate.open_requests(), 0U);  // nothing answers it
}

TEST(BackendGate, BoundsReceiving) {
  const auto start = [](std::uint8_t endpoint, std::uint32_t bytes, std::uint8_t transfers,
                        std::uint32_t stream = 0) {
    return packet(PacketType::start_bulk_receiving,
                  redir::StartBulkReceiving{stream, bytes, endpoint, transfers});
  };
  Gate gate;
  EXPECT_TRUE(passes(gate, start(0x81, 65536, 16)));
  for (const auto& bad : {start(0x81, 0, 1), start(0x81, 65537, 1), start(0x81, 512, 0),
                          start(0x81, 512, 17), start(0x81, 512, 1, 1)})
    expect_refused(bad, GateError::bulk_receiving_bounds);
  expect_refused(start(0x01, 512, 1), GateError::stream_direction);
  expect_refused(packet(PacketType::start_interrupt_receiving, redir::EndpointOnly{0x01}),
                 GateError::stream_direction);
  EXPECT_TRUE(
      passes(gate, packet(PacketType::start_interrupt_receiving, redir::EndpointOnly{0x81})));
}

TEST(BackendGate, StopsOnlyReceivingOfInEndpoints) {
  expect_refused(packet(PacketType::stop_interrupt_receiving, redir::EndpointOnly{0x01}),
                 GateError::stream_direction);
  expect_refused(packet(PacketType::stop_bulk_receiving, redir::StopBulkReceiving{0, 0x01}),
                 GateError::stream_direction);
  Gate gate;
  EXPECT_TRUE(
      passes(gate, packet(PacketType::stop_interrupt_receiving, redir::EndpointOnly{0x81})));
}

TEST(BackendGate, KeepsFilterRulesFromTheLibrary) {
  Gate gate;
  EXPECT_EQ(*gate.check(packet(PacketType::filter_filter, redir::Empty{})), Verdict::ignore);
}

TEST(BackendGate, NoticesThatTheDeviceIsGone) {
  Gate gate;
  EXPECT_FALSE(gate.device_disconnected());
  answer(gate, PacketType::device_disconnect, redir::Empty{}, 0);
  EXPECT_TRUE(gate.device_disconnected());
}

TEST(BackendGate, DescribesEveryError) {
  for (int i = 0; i <= static_cast<int>(GateError::bulk_receiving_bounds); ++i)
    EXPECT_NE(std::string_view(describe(static_cast<GateError>(i))), "an unknown violation");
}

TEST(BackendHeader, HasTheBytesOfTheProtocolPage) {
  using namespace std::string_view_literals;
  EXPECT_EQ(base::wire::as_text(encode_backend_header(BackendStatus::ready)),
            "SLPU\x01\0\0\0\0\0\0\0\0\0\0\0\0\0"sv);
  EXPECT_EQ(base::wire::as_text(encode_backend_header(BackendStatus::busy, "held")),
            "SLPU\x01\0\x02\0\0\0\0\0\0\0\0\0\x04\0held"sv);
  EXPECT_EQ(encode_backend_header(BackendStatus::internal, std::string(600, 'x')).size(),
            18 + max_backend_reason);
}

class BackendPort : public testing::Test {
 protected:
  void SetUp() override {
    sysfs_ = fs::temp_directory_path() / ("sallyport-port-test-" + std::to_string(::getpid()));
    fs::remove_all(sysfs_);
    fs::create_directories(sysfs_ / "bus/usb/devices");
  }
  void TearDown() override { fs::remove_all(sysfs_); }
  void plug(const std::string& controller, const std::string& port, const std::string& bus,
            const std::string& device, const std::string& device_class) {
    const fs::path folder = sysfs_ / "devices" / controller / port;
    fs::create_directories(folder);
    std::ofstream(folder / "busnum") << bus << '\n';
    std::ofstream(folder / "devnum") << device << '\n';
    std::ofstream(folder / "bDeviceClass") << device_class << '\n';
    fs::create_directory_symlink(folder, sysfs_ / "bus/usb/devices" / port);
  }
  BackendStatus refusal(std::string_view port) {
    const auto found = find_device(port, sysfs_);
    EXPECT_FALSE(found.has_value()) << port;
    return found ? BackendStatus::ready : found.error().status;
  }
  fs::path sysfs_;
};

TEST_F(BackendPort, BecomesBusAndDevice) {
  plug("pci0000:00/usb2", "2-1.4", "2", "17", "00");
  const auto found = find_device("2-1.4", sysfs_);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->bus, 2U);
  EXPECT_EQ(found->device, 17U);
}

TEST_F(BackendPort, WithoutADeviceIsRefused) {
  EXPECT_EQ(refusal("2-1"), BackendStatus::no_such_device);
  EXPECT_EQ(find_device("2-1", sysfs_).error().reason,
            "no device at port 2-1 in this qube: unplugged?");
}

TEST_F(BackendPort, ThatIsNoPortIsRefused) {
  for (const auto* port : {"", "usb1", "../../etc", "2-1/..", "2-1:1.0"})
    EXPECT_EQ(refusal(port), BackendStatus::no_such_device) << port;
}

TEST_F(BackendPort, WithAHubIsRefused) {
  plug("pci0000:00/usb2", "2-1", "2", "3", "09");
  EXPECT_EQ(refusal("2-1"), BackendStatus::cannot_open);
}

TEST_F(BackendPort, OfAnotherQubesDeviceIsRefused) {
  plug("platform/vhci_hcd.0/usb3", "3-1", "3", "2", "00");
  EXPECT_EQ(refusal("3-1"), BackendStatus::no_such_device);
}

TEST_F(BackendPort, WithUnreadableNumbersIsRefused) {
  plug("pci0000:00/usb2", "2-1", "", "x", "00");
  EXPECT_EQ(refusal("2-1"), BackendStatus::no_such_device);
}

TEST(BackendLock, OneBackendAtATime) {
  const std::string port = "250-" + std::to_string(::getpid());
  auto first = lock_port(port, std::chrono::milliseconds(0));
  ASSERT_TRUE(first.has_value()) << first.error().reason;
  const auto second = lock_port(port, std::chrono::milliseconds(30));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().status, BackendStatus::busy);
  EXPECT_EQ(second.error().reason, "device " + port + " is busy: already attached (pid " +
                                       std::to_string(::getpid()) + "); detach it first");
  first->reset();
  EXPECT_TRUE(lock_port(port, std::chrono::milliseconds(0)).has_value());
}

}  // namespace
}  // namespace usbproxy
