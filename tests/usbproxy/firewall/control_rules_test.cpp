// SPDX-License-Identifier: GPL-2.0-or-later
// Control requests: what each class's driver needs passes, what would reconfigure or flash does
// not.
#include "usbproxy/firewall/control_rules.hpp"

#include <gtest/gtest.h>

namespace usbproxy::firewall {
namespace {

using Verdict = ControlVerdict;

DescribedInterface interface_of(std::uint8_t number, InterfaceClass kind,
                                std::vector<DescribedEndpoint> endpoints = {}) {
  return {.number = number,
          .alternates = {{.number = 0, .kind = kind, .endpoints = std::move(endpoints)}}};
}

Device device_of(std::vector<DescribedInterface> interfaces, std::uint16_t vendor = 0x1234) {
  Device device;
  device.descriptor.vendor_id = vendor;
  device.configurations.push_back({.value = 1, .interfaces = std::move(interfaces)});
  return device;
}

constexpr Setting in_use{.configuration = 1, .alternates = {}};

Verdict judged(const Device& device, Setup setup, ControlRules rules = {}) {
  return judge(rules, setup, device, in_use);
}

const InterfaceClass storage_kind{0x08, 0x06, 0x50};
const InterfaceClass keyboard_kind{0x03, 0x01, 0x01};
const InterfaceClass vendor_kind{0xff, 0x00, 0x00};

TEST(FirewallControl, StandardRequestsByWhatExists) {
  const Device device = device_of({interface_of(0, storage_kind,
                                                {{.address = 0x81, .attributes = 2},
                                                 {.address = 0x02, .attributes = 2},
                                                 {.address = 0x83, .attributes = 1}})});
  EXPECT_EQ(judged(device, {0x80, 0, 0, 0, 2}), Verdict::forward);  // GET_STATUS
  EXPECT_EQ(judged(device, {0x81, 0, 0, 0, 2}), Verdict::forward);
  EXPECT_EQ(judged(device, {0x81, 0, 0, 1, 2}), Verdict::refuse);
  EXPECT_EQ(judged(device, {0x82, 0, 0, 0x81, 2}), Verdict::forward);
  EXPECT_EQ(judged(device, {0x82, 0, 0, 0, 2}), Verdict::forward);
  EXPECT_EQ(judged(device, {0x82, 0, 0, 0x84, 2}), Verdict::refuse);
  EXPECT_EQ(judged(device, {0x82, 0, 0, 0x181, 2}), Verdict::refuse);
  EXPECT_EQ(judged(device, {0x02, 1, 0, 0x81, 0}), Verdict::forward);  // CLEAR_FEATURE(HALT)
  EXPECT_EQ(judged(device, {0x02, 1, 0, 0x01, 0}), Verdict::refuse);
  EXPECT_EQ(judged(device, {0x02, 1, 1, 0x81, 0}), Verdict::refuse);
  EXPECT_EQ(judged(device, {0x00, 3, 1, 0, 0}), Verdict::forward);       // remote wakeup
  EXPECT_EQ(judged(device, {0x00, 3, 2, 0x100, 0}), Verdict::refuse);    // TEST_MODE
  EXPECT_EQ(judged(device, {0x00, 3, 48, 0, 0}), Verdict::acknowledge);  // U1
  EXPECT_EQ(judged(device, {0x00, 0x30, 0, 0, 6}), Verdict::acknowledge);
  EXPECT_EQ(judged(device, {0x00, 0x31, 40, 0, 0}), Verdict::acknowledge);
  EXPECT_EQ(judged(device, {0x00, 7, 0x0100, 0, 18}), Verdict::refuse);  // SET_DESCRIPTOR
  EXPECT_EQ(judged(device, {0x82, 12, 0, 0x83, 2}), Verdict::forward);   // SYNCH_FRAME
  EXPECT_EQ(judged(device, {0x82, 12, 0, 0x81, 2}), Verdict::refuse);
  EXPECT_EQ(judged(device, {0x80, 0x55, 0, 0, 2}), Verdict::refuse);
  EXPECT_EQ(judged(device, {0x23, 3, 8, 1, 0}), Verdict::refuse);  // a hub's
  EXPECT_EQ(judged(device, {0xe0, 1, 0, 0, 0}), Verdict::refuse);  // reserved type
  EXPECT_EQ(judged(device, {0x84, 0, 0, 0, 2}), Verdict::refuse);  // reserved recipient
}

TEST(FirewallControl, NothingButStandardRequestsBeforeAConfiguration) {
  const Device device = device_of({interface_of(0, vendor_kind)});
  const Setting none;
  EXPECT_EQ(judge({}, {0x80, 0, 0, 0, 2}, device, none), Verdict::forward);
  EXPECT_EQ(judge({}, {0xc0, 1, 0, 0, 2}, device, none), Verdict::refuse);
  EXPECT_EQ(judge({}, {0xa1, 1, 0, 0, 2}, device, none), Verdict::refuse);
}

struct Case {
  const char* what;
  InterfaceClass kind;
  Setup setup;
};

// As drivers send them; interface 2 has the class.
TEST(FirewallControl, HonestDriversGetWhatTheyAskFor) {
  const std::vector<Case> cases{
      {"usb-storage: reset", storage_kind, {0x21, 0xff, 0, 2, 0}},
      {"usb-storage: units", storage_kind, {0xa1, 0xfe, 0, 2, 1}},
      {"usbhid: idle", keyboard_kind, {0x21, 0x0a, 0, 2, 0}},
      {"usbhid: lights", keyboard_kind, {0x21, 0x09, 0x0200, 2, 1}},
      {"usbhid: protocol", keyboard_kind, {0x21, 0x0b, 1, 2, 0}},
      {"cdc_acm: line coding", {0x02, 0x02, 0x01}, {0x21, 0x20, 0, 2, 7}},
      {"cdc_acm: lines", {0x02, 0x02, 0x01}, {0x21, 0x22, 3, 2, 0}},
      {"cdc_ether: filter", {0x02, 0x06, 0x00}, {0x21, 0x43, 0x0c, 2, 0}},
      {"cdc_ncm: parameters", {0x02, 0x0d, 0x00}, {0xa1, 0x80, 0, 2, 28}},
      {"rndis_host: command", {0x02, 0x02, 0xff}, {0x21, 0x00, 0, 2, 24}},
      {"rndis_host: answer", {0xe0, 0x01, 0x03}, {0xa1, 0x01, 0, 2, 1025}},
      {"snd-usb-audio: volume", {0x01, 0x01, 0x00}, {0xa1, 0x81, 0x0201, 0x0502, 2}},
      {"snd-usb-audio: rates", {0x01, 0x01, 0x20}, {0xa1, 0x02, 0x0100, 0x0902, 14}},
      {"uvcvideo: probe", {0x0e, 0x02, 0x00}, {0x21, 0x01, 0x0100, 2, 26}},
      {"uvcvideo: default", {0x0e, 0x01, 0x00}, {0xa1, 0x87, 0x0200, 0x0202, 2}},
      {"usblp: id", {0x07, 0x01, 0x02}, {0xa1, 0x00, 0, 0x0200, 1023}},
      {"usblp: reset", {0x07, 0x01, 0x02}, {0x21, 0x02, 0, 2, 0}},
      {"pcscd: abort", {0x0b, 0x00, 0x00}, {0x21, 0x01, 0, 2, 0}},
      {"libmtp: status", {0x06, 0x01, 0x01}, {0xa1, 0x67, 0, 2, 4}},
      {"usbtmc: capabilities", {0xfe, 0x03, 0x01}, {0xa1, 0x07, 0, 2, 24}},
      {"btusb: command", {0xe0, 0x01, 0x01}, {0x20, 0x00, 0, 0, 3}},
      {"ftdi_sio: baud rate", vendor_kind, {0x40, 0x03, 0x4138, 0, 0}},
      {"ftdi_sio: latency", vendor_kind, {0xc0, 0x0a, 0, 0, 1}},
      {"pl2303: line coding", vendor_kind, {0x21, 0x20, 0, 2, 7}},
      {"cp210x: enable", vendor_kind, {0x41, 0x00, 1, 2, 0}}};
  for (const Case& one : cases) {
    const Device device = device_of({interface_of(2, one.kind)});
    EXPECT_EQ(judged(device, one.setup), Verdict::forward) << one.what;
    // Not to an interface that does not exist; a vendor's request names what it likes.
    const bool to_interface = (one.setup.request_type & 0x7fU) == 0x21;
    if (!to_interface) continue;
    usbproxy::Setup elsewhere = one.setup;
    elsewhere.index = 0x0505;
    EXPECT_EQ(judged(device, elsewhere), Verdict::refuse) << one.what;
  }
}

TEST(FirewallControl, RequestsOfOtherClassesAreRefused) {
  const Device stick = device_of({interface_of(0, storage_kind)});
  const Device board = device_of({interface_of(0, keyboard_kind)});
  EXPECT_EQ(judged(stick, {0x21, 0x09, 0x0200, 0, 8}), Verdict::refuse);  // SET_REPORT
  EXPECT_EQ(judged(board, {0x21, 0xff, 0, 0, 0}), Verdict::refuse);
  EXPECT_EQ(judged(board, {0x20, 0x00, 0, 0, 3}), Verdict::refuse);  // HCI
  const Device unknown = device_of({interface_of(0, {0xdc, 0x01, 0x01})});
  EXPECT_EQ(judged(unknown, {0xa1, 0x01, 0, 0, 8}), Verdict::refuse);
}

TEST(FirewallControl, EndpointsByTheClassThatHasThem) {
  const Device headset =
      device_of({interface_of(0, {0x01, 0x02, 0x00}, {{.address = 0x81, .attributes = 1}}),
                 interface_of(1, keyboard_kind, {{.address = 0x82, .attributes = 3}})});
  EXPECT_EQ(judged(headset, {0x22, 0x01, 0x0100, 0x81, 3}), Verdict::forward);  // sampling rate
  EXPECT_EQ(judged(headset, {0x22, 0x01, 0x0100, 0x82, 3}), Verdict::refuse);
  EXPECT_EQ(judged(headset, {0x22, 0x01, 0x0100, 0x83, 3}), Verdict::refuse);
}

TEST(FirewallControl, VendorRequestsNeedAVendorsInterfaceOrARule) {
  const usbproxy::Setup request{0xc0, 0x01, 0, 0, 8};
  const Device stick = device_of({interface_of(0, storage_kind)});
  const Device serial = device_of({interface_of(0, storage_kind), interface_of(1, vendor_kind)});
  EXPECT_EQ(judged(stick, request), Verdict::refuse);
  EXPECT_EQ(judged(serial, request), Verdict::forward);
  EXPECT_EQ(judged(stick, request, {.vendor = ControlRules::Vendor::allow}), Verdict::forward);
  EXPECT_EQ(judged(serial, request, {.vendor = ControlRules::Vendor::refuse}), Verdict::refuse);
}

TEST(FirewallControl, FirmwareIsWrittenOnlyIfARuleSaysSo) {
  const ControlRules loose{.firmware = ControlRules::Firmware::allow};
  const Device updater = device_of({interface_of(0, {0xfe, 0x01, 0x01})});
  for (std::uint8_t request = 0; request <= 6; ++request) {
    const usbproxy::Setup setup{0x21, request, 0, 0, 64};
    EXPECT_EQ(judged(updater, setup), Verdict::refuse);
    EXPECT_EQ(judged(updater, setup, loose), Verdict::forward);
  }
  const Device ftdi = device_of({interface_of(0, vendor_kind)}, 0x0403);
  EXPECT_EQ(judged(ftdi, {0x40, 0x91, 0, 0, 0}), Verdict::refuse);
  EXPECT_EQ(judged(ftdi, {0x40, 0x91, 0, 0, 0}, loose), Verdict::forward);
  EXPECT_EQ(judged(ftdi, {0xc0, 0x90, 0, 0, 2}), Verdict::forward);  // reading it
  const Device fx2 = device_of({interface_of(0, vendor_kind)}, 0x04b4);
  EXPECT_EQ(judged(fx2, {0x40, 0xa0, 0xe600, 0, 1}), Verdict::refuse);
  EXPECT_EQ(judged(device_of({interface_of(0, vendor_kind)}), {0x40, 0xa0, 0, 0, 1}),
            Verdict::forward);
}

}  // namespace
}  // namespace usbproxy::firewall
