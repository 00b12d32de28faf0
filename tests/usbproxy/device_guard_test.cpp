// SPDX-License-Identifier: GPL-2.0-or-later
// The guard in sys-usb: what a target may do with a stick that has a keyboard as well.
#include "usbproxy/device_guard.hpp"

#include <gtest/gtest.h>

#include "tests/usbproxy/described_device.hpp"
#include "tests/usbproxy/storage_wrapper.hpp"
#include "usbproxy/backend_gate.hpp"
#include "usbproxy/firewall/cached_descriptors.hpp"

namespace usbproxy {
namespace {

using redir::PacketType;
using test::from_hex;

constexpr std::uint8_t stick_in = 0x81, stick_out = 0x02, key_in = 0x83, key_out = 0x04;

firewall::Device described(const test::DescribedDevice& device) {
  std::vector<std::byte> bytes = device.device;
  for (const auto& one : device.configurations) bytes.insert(bytes.end(), one.begin(), one.end());
  const Speed speed = device.device[3] == std::byte{3} ? Speed::super : Speed::high;
  auto parsed = firewall::parse_cached_descriptors(bytes, speed);
  EXPECT_TRUE(parsed) << parsed.error().text();
  return std::move(*parsed);
}

// A stick whose second setting is UAS, with the same two endpoints and two more.
test::DescribedDevice stick_with_uas() {
  return {.device = from_hex("12 01 00 02 00 00 00 40 51 09 66 16 00 01 00 00 00 01"),
          .configurations = {
              from_hex("09 02 55 00 01 01 00 80 32 "
                       "09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 07 05 02 02 00 02 00 "
                       "09 04 00 01 04 08 06 62 00 07 05 81 02 00 02 00 04 24 03 00 "
                       "07 05 02 02 00 02 00 04 24 02 00 07 05 83 02 00 02 00 04 24 04 00 "
                       "07 05 04 02 00 02 00 04 24 01 00")}};
}

class Guarded {
 public:
  explicit Guarded(std::string_view words,
                   const test::DescribedDevice& device = test::stick_and_keyboard())
      : guard_(*DeviceGuard::make(described(device), *firewall::Rights::parse(words), 1)) {}

  // "pass", "not given", "no streams", "other transfer", or what the guest is answered.
  std::string ask(PacketType type, const redir::Body& body, base::wire::Bytes data = {}) {
    reply_.clear();
    const redir::Packet packet{.type = type, .id = 7, .body = body, .data = data, .raw = {}};
    const auto verdict = guard_.check(packet, backend_caps, reply_);
    if (!verdict) {
      if (verdict.error() == GuardError::no_streams) return "no streams";
      return verdict.error() == GuardError::not_given ? "not given" : "other transfer";
    }
    if (*verdict == DeviceGuard::Verdict::pass) {
      EXPECT_TRUE(reply_.empty());
      return "pass";
    }
    return decode();
  }
  std::string control(std::uint8_t type, std::uint8_t request, std::uint16_t value = 0,
                      std::uint16_t index = 0, std::uint16_t length = 0) {
    redir::ControlPacket body;
    body.endpoint = type & 0x80U;
    body.request_type = type;
    body.request = request;
    body.value = value;
    body.index = index;
    body.length = length;
    return ask(PacketType::control_packet, body);
  }
  std::string out(std::uint8_t endpoint, base::wire::Bytes data) {
    redir::BulkPacket body;
    body.endpoint = endpoint;
    body.length = static_cast<std::uint32_t>(data.size());
    return ask(PacketType::bulk_packet, body, data);
  }
  std::string in(std::uint8_t endpoint, std::uint32_t length) {
    redir::BulkPacket body;
    body.endpoint = endpoint;
    body.length = length;
    return ask(PacketType::bulk_packet, body);
  }
  std::string set_alternate(std::uint8_t interface, std::uint8_t alternate) {
    return ask(PacketType::set_alt_setting, redir::AltSetting{interface, alternate});
  }
  void library_says(PacketType type, const redir::Body& body) {
    std::vector<std::byte> wire;
    redir::append_packet(wire, backend_caps, type, 7, body);
    guard_.note_sent(wire, backend_caps);
  }
  DeviceGuard& guard() { return guard_; }

 private:
  // As the frontend's decoder takes it.
  std::string decode() {
    redir::Decoder decoder(redir::Sender::host, redir::cap::frontend);
    std::vector<std::byte> wire;
    redir::append_hello(wire, backend_caps);
    wire.insert(wire.end(), reply_.begin(), reply_.end());
    EXPECT_TRUE(decoder.push(wire));
    EXPECT_TRUE(decoder.next());
    const auto packet = decoder.next();
    if (!packet || *packet == nullptr) return "malformed";
    EXPECT_EQ((*packet)->id, 7U);
    const auto with = [&](const char* what, unsigned status, std::size_t size) {
      return std::string(what) + " " + std::to_string(status) + " " + std::to_string(size);
    };
    const redir::Body& body = (*packet)->body;
    if (const auto* bulk = std::get_if<redir::BulkPacket>(&body)) {
      return with("bulk", bulk->status, bulk->length);
    }
    if (const auto* reply = std::get_if<redir::ControlPacket>(&body)) {
      return with("control", reply->status, reply->length);
    }
    if (const auto* change = std::get_if<redir::ConfigurationStatus>(&body)) {
      return with("configuration", change->status, change->configuration);
    }
    if (const auto* change = std::get_if<redir::AltSettingStatus>(&body)) {
      return with("alternate", change->status, change->alt);
    }
    return "something else";
  }

  DeviceGuard guard_;
  std::vector<std::byte> reply_;
};

constexpr const char* stalled = "control 4 0";

TEST(DeviceGuard, WithoutRestrictionsEverythingMoves) {
  Guarded all("");
  const auto bytes = from_hex("00 01 02");
  EXPECT_EQ(all.out(stick_out, bytes), "pass");
  EXPECT_EQ(all.in(stick_in, 512), "pass");
  EXPECT_EQ(all.in(0x8f, 512), "pass");  // no endpoint: the library's business
  EXPECT_EQ(all.ask(PacketType::start_interrupt_receiving, redir::EndpointOnly{key_in}), "pass");
  EXPECT_EQ(all.set_alternate(1, 1), "pass");
  EXPECT_EQ(all.ask(PacketType::reset, redir::Empty{}), "pass");
}

TEST(DeviceGuard, ControlRequestsAreJudgedHereAsWell) {
  Guarded all("");
  EXPECT_EQ(all.control(0x80, 0x06, 0x0100, 0, 18), "pass");
  EXPECT_EQ(all.control(0x81, 0x06, 0x2200, 1, 63), "pass");
  EXPECT_EQ(all.control(0x21, 0x0a, 0, 1), "pass");     // HID: SET_IDLE
  EXPECT_EQ(all.control(0xa1, 0xfe, 0, 0, 1), "pass");  // GET MAX LUN
  EXPECT_EQ(all.control(0x02, 0x01, 0, stick_in), "pass");
  EXPECT_EQ(all.control(0x00, 0x03, 2), stalled);             // test mode
  EXPECT_EQ(all.control(0x00, 0x07, 0x0100, 0, 0), stalled);  // SET_DESCRIPTOR
  EXPECT_EQ(all.control(0x00, 0x09, 1), stalled);             // has a packet of its own
  EXPECT_EQ(all.control(0x01, 0x0b, 0, 0), stalled);          // the same
  EXPECT_EQ(all.control(0x40, 0x01), stalled);        // a vendor's, but no vendor's interface
  EXPECT_EQ(all.control(0x21, 0x00, 0, 0), stalled);  // a SCSI command by the control pipe
  EXPECT_EQ(all.control(0x21, 0x01, 0, 0), stalled);  // DFU's download, to a stick
  EXPECT_EQ(all.control(0x60, 0x00), stalled);        // reserved type
}

TEST(DeviceGuard, VendorRequestsAndFirmwareNeedTheirRights) {
  Guarded vendor("vendor-requests=yes");
  EXPECT_EQ(vendor.control(0x40, 0x01), "pass");
  test::DescribedDevice dfu = test::stick_and_keyboard();
  dfu.configurations = {
      from_hex("09 02 1b 00 01 01 00 80 32 09 04 00 00 00 fe 01 01 00 "
               "09 21 0b ff 00 00 04 01 01")};
  Guarded usual("", dfu);
  EXPECT_EQ(usual.control(0x21, 0x01, 0, 0), stalled);
  EXPECT_EQ(usual.control(0xa1, 0x02, 0, 0, 64), stalled);
  Guarded flashing("firmware=yes", dfu);
  EXPECT_EQ(flashing.control(0x21, 0x01, 0, 0), "pass");
}

TEST(DeviceGuard, AVendorsInterfaceMayBeClosedToo) {
  test::DescribedDevice serial = test::stick_and_keyboard();
  serial.configurations = {
      from_hex("09 02 20 00 01 01 00 80 32 09 04 00 00 02 ff 00 00 00 "
               "07 05 81 02 00 02 00 07 05 02 02 00 02 00")};
  EXPECT_EQ(Guarded("", serial).control(0x40, 0x01), "pass");
  EXPECT_EQ(Guarded("vendor-requests=no", serial).control(0x40, 0x01), stalled);
}

TEST(DeviceGuard, WhatIsNotGivenDoesNotMove) {
  for (const char* words : {"interfaces=0", "interfaces=u08****", "interfaces=USB_Storage"}) {
    Guarded half(words);
    EXPECT_EQ(half.out(stick_out, from_hex("00")), "pass") << words;
    EXPECT_EQ(half.in(stick_in, 512), "pass");
    EXPECT_EQ(half.ask(PacketType::start_interrupt_receiving, redir::EndpointOnly{key_in}),
              "not given");
    EXPECT_EQ(half.ask(PacketType::interrupt_packet, redir::DataPacket{.endpoint = key_out}),
              "not given");
    EXPECT_EQ(half.ask(PacketType::start_iso_stream, redir::StartIsoStream{0x85, 1, 1}),
              "not given");
    EXPECT_EQ(half.in(key_in, 8), "not given");  // as if it were bulk
    EXPECT_EQ(
        half.ask(PacketType::start_bulk_receiving, redir::StartBulkReceiving{0, 8, key_in, 1}),
        "not given");
    EXPECT_EQ(half.set_alternate(1, 1), "alternate 2 255");
    EXPECT_EQ(half.set_alternate(1, 0), "alternate 2 255");
    EXPECT_EQ(half.control(0x21, 0x09, 0x0200, 1, 8), stalled);  // SET_REPORT
    EXPECT_EQ(half.control(0xa1, 0x01, 0x0100, 1, 8), stalled);  // GET_REPORT: the keys
    EXPECT_EQ(half.control(0x02, 0x01, 0, key_in), stalled);
    EXPECT_EQ(half.control(0x82, 0x00, 0, key_in, 2), stalled);
    EXPECT_EQ(half.control(0xa1, 0xfe, 0, 0, 1), "pass");
  }
}

TEST(DeviceGuard, WhatIsNotGivenStaysSoInEverySetting) {
  Guarded half("interfaces=0");
  half.library_says(PacketType::alt_setting_status, redir::AltSettingStatus{0, 1, 1});
  EXPECT_EQ(half.ask(PacketType::start_interrupt_receiving, redir::EndpointOnly{key_in}),
            "not given");
  EXPECT_EQ(half.ask(PacketType::start_iso_stream, redir::StartIsoStream{0x85, 1, 1}), "not given");
  half.library_says(PacketType::configuration_status, redir::ConfigurationStatus{0, 0});
  half.library_says(PacketType::configuration_status, redir::ConfigurationStatus{0, 1});
  EXPECT_EQ(half.ask(PacketType::start_interrupt_receiving, redir::EndpointOnly{key_in}),
            "not given");
}

TEST(DeviceGuard, StreamsAreOfWhatIsGiven) {
  constexpr std::uint32_t stick = 1U << redir::slot_of(stick_in);
  constexpr std::uint32_t keys = 1U << redir::slot_of(key_in);
  const auto alloc = [](std::uint32_t endpoints, std::uint32_t streams) {
    return redir::AllocBulkStreams{endpoints, streams};
  };
  Guarded half("interfaces=0");
  EXPECT_EQ(half.ask(PacketType::free_bulk_streams, redir::FreeBulkStreams{stick}), "pass");
  EXPECT_EQ(half.ask(PacketType::free_bulk_streams, redir::FreeBulkStreams{stick | keys}),
            "not given");
  EXPECT_EQ(half.ask(PacketType::alloc_bulk_streams, alloc(keys, 4)), "not given");
  EXPECT_EQ(half.ask(PacketType::alloc_bulk_streams, alloc(stick, 4)), "no streams");
  Guarded streams("", test::device_with_streams());
  EXPECT_EQ(streams.ask(PacketType::alloc_bulk_streams, alloc(stick, 16)), "pass");
  EXPECT_EQ(streams.ask(PacketType::alloc_bulk_streams, alloc(stick, 17)), "no streams");
}

// A change that failed may have left the device in another setting: the status tells.
TEST(DeviceGuard, FollowsWhatTheLibrarySaysIsInUse) {
  Guarded half("interfaces=0");
  half.library_says(PacketType::configuration_status,
                    redir::ConfigurationStatus{redir::status::ioerror, 0});
  EXPECT_EQ(half.control(0xa1, 0xfe, 0, 0, 1), stalled);  // nothing is configured
  half.library_says(PacketType::configuration_status, redir::ConfigurationStatus{0, 1});
  EXPECT_EQ(half.control(0xa1, 0xfe, 0, 0, 1), "pass");
  half.library_says(PacketType::alt_setting_status,
                    redir::AltSettingStatus{redir::status::inval, 0, 255});
  EXPECT_EQ(half.control(0xa1, 0xfe, 0, 0, 1), "pass");
}

TEST(DeviceGuard, RefusesSettingsThatDoNotExist) {
  Guarded all("");
  EXPECT_EQ(all.set_alternate(255, 255), "alternate 2 255");
  EXPECT_EQ(all.set_alternate(0, 1), "alternate 2 255");
  EXPECT_EQ(all.ask(PacketType::set_configuration, redir::Configuration{255}), "configuration 2 1");
  EXPECT_EQ(all.ask(PacketType::set_configuration, redir::Configuration{1}), "pass");
  EXPECT_EQ(all.ask(PacketType::set_configuration, redir::Configuration{0}), "pass");
}

TEST(DeviceGuard, ReadOnlyGivesTheStickAlone) {
  Guarded reader("read-only=yes");
  EXPECT_EQ(reader.ask(PacketType::start_interrupt_receiving, redir::EndpointOnly{key_in}),
            "not given");
  EXPECT_EQ(reader.control(0xa1, 0xfe, 0, 0, 1), "pass");
  EXPECT_EQ(reader.control(0x21, 0xff, 0, 0), "pass");
  EXPECT_EQ(reader.control(0x21, 0x00, 0, 0), stalled);
  EXPECT_EQ(reader.control(0x21, 0xfc, 0, 0), stalled);
  EXPECT_EQ(reader.control(0x40, 0x01), stalled);
}

TEST(DeviceGuard, ReadOnlyReadsAndDoesNotWrite) {
  Guarded reader("read-only=yes");
  EXPECT_EQ(reader.out(stick_out, test::wrapper(test::read_10())), "pass");
  EXPECT_EQ(reader.in(stick_in, 512), "pass");
  EXPECT_EQ(reader.in(stick_in, 13), "pass");
  EXPECT_EQ(reader.guard().refused_commands(), 0U);

  EXPECT_EQ(reader.out(stick_out, test::wrapper(test::write_10(1024))), "bulk 0 31");
  EXPECT_EQ(reader.out(stick_out, std::vector<std::byte>(1024)), "bulk 0 1024");
  EXPECT_EQ(reader.in(stick_in, 13), "bulk 0 13");
  EXPECT_EQ(reader.out(stick_out, test::wrapper(test::request_sense())), "bulk 0 31");
  EXPECT_EQ(reader.in(stick_in, 18), "bulk 0 18");
  EXPECT_EQ(reader.in(stick_in, 13), "bulk 0 13");
  EXPECT_EQ(reader.guard().refused_commands(), 1U);

  EXPECT_EQ(reader.out(stick_out, std::vector<std::byte>(512)), "bulk 4 0");
  EXPECT_EQ(reader.out(stick_out, {}), "bulk 4 0");
  EXPECT_EQ(reader.out(stick_out, test::wrapper(test::read_10())), "pass");
}

TEST(DeviceGuard, ReadOnlyHasNoOtherTransfersThanBulk) {
  Guarded reader("read-only=yes");
  const auto data = test::wrapper(test::write_10());
  EXPECT_EQ(
      reader.ask(PacketType::interrupt_packet, redir::DataPacket{.endpoint = stick_out}, data),
      "other transfer");
  EXPECT_EQ(reader.ask(PacketType::iso_packet, redir::DataPacket{.endpoint = stick_out}, data),
            "other transfer");
  EXPECT_EQ(reader.ask(PacketType::start_iso_stream, redir::StartIsoStream{stick_out, 1, 2}),
            "other transfer");
  EXPECT_EQ(
      reader.ask(PacketType::start_bulk_receiving, redir::StartBulkReceiving{0, 512, stick_in, 1}),
      "other transfer");
  EXPECT_EQ(reader.out(0x05, data), "not given");  // no endpoint at all
  EXPECT_EQ(reader.in(stick_out | 0x80U, 512), "not given");
}

TEST(DeviceGuard, ReadOnlyHasNoStreams) {
  Guarded reader("read-only=yes");
  constexpr std::uint32_t stick = 1U << redir::slot_of(stick_in);
  EXPECT_EQ(reader.ask(PacketType::alloc_bulk_streams, redir::AllocBulkStreams{stick, 4}),
            "other transfer");
}

TEST(DeviceGuard, ResetsEndARefusedCommand) {
  const auto resets = {
      std::pair{PacketType::reset, redir::Body{redir::Empty{}}},
      std::pair{PacketType::set_configuration, redir::Body{redir::Configuration{1}}},
      std::pair{PacketType::set_alt_setting, redir::Body{redir::AltSetting{0, 0}}}};
  for (const auto& [type, body] : resets) {
    Guarded reader("read-only=yes");
    EXPECT_EQ(reader.out(stick_out, test::wrapper(test::write_10())), "bulk 0 31");
    EXPECT_EQ(reader.ask(type, body), "pass");
    EXPECT_EQ(reader.in(stick_in, 13), "pass");
  }
  Guarded reader("read-only=yes");
  EXPECT_EQ(reader.out(stick_out, test::wrapper(test::write_10())), "bulk 0 31");
  EXPECT_EQ(reader.control(0x21, 0xff, 0, 0), "pass");
  EXPECT_EQ(reader.in(stick_in, 13), "pass");
}

TEST(DeviceGuard, ReadOnlyStorageDoesNotLeaveBulkOnly) {
  Guarded writer("", stick_with_uas());
  EXPECT_EQ(writer.set_alternate(0, 1), "pass");
  Guarded reader("read-only=yes", stick_with_uas());
  EXPECT_EQ(reader.set_alternate(0, 1), "alternate 2 255");
  EXPECT_EQ(reader.set_alternate(0, 0), "pass");
  EXPECT_EQ(reader.out(stick_out, test::wrapper(test::write_10())), "bulk 0 31");
  EXPECT_EQ(reader.out(0x04, test::wrapper(test::write_10())), "not given");
  EXPECT_EQ(reader.in(0x83, 512), "not given");
}

TEST(DeviceGuard, WhatHasNothingOfItIsNotGiven) {
  const auto refused = [](std::string_view words) {
    const auto guard = DeviceGuard::make(described(test::stick_and_keyboard()),
                                         *firewall::Rights::parse(words), 1);
    return guard ? std::string("given") : guard.error().text();
  };
  EXPECT_NE(refused("interfaces=5").find("interfaces=5 chooses"), std::string::npos);
  EXPECT_NE(refused("interfaces=u0e****").find("chooses"), std::string::npos);
  EXPECT_NE(refused("read-only=yes interfaces=1").find("among the chosen"), std::string::npos);
  EXPECT_EQ(refused("read-only=yes interfaces=0"), "given");
}

TEST(DeviceGuard, DescribesEveryError) {
  for (const auto error :
       {GuardError::not_given, GuardError::no_streams, GuardError::other_transfer})
    EXPECT_NE(std::string_view(describe(error)), "an unknown violation");
}

}  // namespace
}  // namespace usbproxy
