// SPDX-License-Identifier: GPL-2.0-or-later
// Sources: HID 1.11, 7.2; Bulk-Only Transport 1.0, 3; CBI 1.1, 2.2; CDC 1.2, 6.2, PSTN 1.2, 6.3,
// ECM 1.2, 6.2, NCM 1.0, 6.2; Audio 1.0 and 2.0, 5.2; Video 1.5, 4; Printer 1.1, 4.2;
// CCID 1.1, 5.3; Still Image 1.0, 5.2; DFU 1.1, 3; USBTMC 1.0, 4.2; Bluetooth 5.4, vol. 4, part
// B, 2.2.
#include "usbproxy/firewall/class_requests.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace usbproxy::firewall {
namespace {

struct Range {
  std::uint8_t first = 0, last = 0;
};

bool in_any(std::span<const Range> ranges, std::uint8_t request) {
  return std::any_of(ranges.begin(), ranges.end(), [request](const Range& one) {
    return request >= one.first && request <= one.last;
  });
}

constexpr std::array hid_requests{Range{0x01, 0x03}, Range{0x09, 0x0b}};
constexpr std::array storage_requests{Range{0x00, 0x00}, Range{0xfc, 0xff}};
constexpr std::array bulk_only_requests{Range{0xfe, 0xff}};
constexpr std::array cdc_requests{Range{0x00, 0x05}, Range{0x10, 0x16}, Range{0x20, 0x23},
                                  Range{0x30, 0x37}, Range{0x40, 0x44}, Range{0x50, 0x53},
                                  Range{0x60, 0x62}, Range{0x80, 0x8a}};
constexpr std::array audio_requests{Range{0x01, 0x06}, Range{0x81, 0x86}, Range{0xff, 0xff}};
constexpr std::array video_requests{Range{0x01, 0x01}, Range{0x11, 0x11}, Range{0x81, 0x87},
                                    Range{0x91, 0x97}};
constexpr std::array printer_requests{Range{0x00, 0x02}};
constexpr std::array card_requests{Range{0x01, 0x03}};
constexpr std::array image_requests{Range{0x64, 0x67}};
constexpr std::array encapsulated_requests{Range{0x00, 0x01}};  // RNDIS, and HCI to an interface
constexpr std::array dfu_requests{Range{0x00, 0x06}};
constexpr std::array irda_requests{Range{0x01, 0x06}};
constexpr std::array test_requests{Range{0x01, 0x07}, Range{0x40, 0x40}, Range{0xa0, 0xa2}};
constexpr std::array all_requests{Range{0x00, 0xff}};

constexpr std::uint8_t dfu_subclass = 1, irda = 2,
                       test_and_measurement = 3;  // subclasses of application

// CBI has its commands in a control request; bulk-only transport has none there.
std::span<const Range> requests_of_storage(std::uint8_t protocol) {
  constexpr std::uint8_t bulk_only = 0x50;
  if (protocol == bulk_only) return bulk_only_requests;
  return storage_requests;
}

std::span<const Range> application_requests(std::uint8_t subclass, FirmwareRequests firmware) {
  if (subclass == irda) return irda_requests;
  if (subclass == test_and_measurement) return test_requests;
  if (subclass == dfu_subclass && firmware == FirmwareRequests::allow) return dfu_requests;
  return {};
}

}  // namespace

bool interface_request_known(const InterfaceClass& kind, std::uint8_t request,
                             FirmwareRequests firmware) {
  switch (kind.code) {
    case class_code::hid:
      return in_any(hid_requests, request);
    case class_code::mass_storage:
      return in_any(requests_of_storage(kind.protocol), request);
    case class_code::communications:
      return in_any(cdc_requests, request);
    case class_code::audio:
      return in_any(audio_requests, request);
    case class_code::video:
      return in_any(video_requests, request);
    case class_code::printer:
      return in_any(printer_requests, request);
    case class_code::smart_card:
      return in_any(card_requests, request);
    case class_code::still_image:
      return in_any(image_requests, request);
    case class_code::wireless:
    case class_code::miscellaneous:
      return in_any(encapsulated_requests, request);
    case class_code::application:
      return in_any(application_requests(kind.subclass, firmware), request);
    case class_code::vendor:  // serial adapters speak CDC's language there
      return in_any(all_requests, request);
    default:
      return false;
  }
}

bool endpoint_request_known(const InterfaceClass& kind, std::uint8_t request) {
  switch (kind.code) {
    case class_code::audio:  // sampling frequency and pitch
      return in_any(audio_requests, request);
    case class_code::application:
      return kind.subclass == test_and_measurement && in_any(test_requests, request);
    case class_code::vendor:
      return true;
    default:
      return false;
  }
}

bool device_request_known(const InterfaceClass& kind, std::uint8_t request) {
  switch (kind.code) {
    case class_code::wireless:  // HCI commands
      return request == 0;
    case class_code::vendor:
      return true;
    default:
      return false;
  }
}

}  // namespace usbproxy::firewall
