// SPDX-License-Identifier: GPL-2.0-or-later
// Well-formed devices that are not what a driver of Linux takes for granted. The kernel that is
// tested has the mends; that a device gets as far as the driver is the point.
#include <algorithm>
#include <array>

#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

enum class Shape {
  bare,        // a vendor's interface without endpoints
  class_0,     // an interface of class 0 without endpoints
  one_in,      // one interrupt IN
  three_in,    // three interrupt IN
  huge_in,     // three interrupt IN of 16384 bytes, as a FaceDancer script has them
  bulk_only,   // bulk where interrupt is expected
  empty_cdc,   // communications class, one interrupt IN, nothing else
  bare_audio,  // audio control without endpoints
  bare_hid     // HID without endpoints
};

struct Row {
  const char* source;
  const char* driver;
  std::uint16_t vendor, product;
  Shape shape;
};

// Vendor and product ids are those of the drivers' own tables.
constexpr std::array rows{
    // Cinch's exploits (USENIX Security 2016); 16384 is their script's, so each comes with 64 as
    // well
    Row{"CVE-2015-5257", "whiteheat", 0x0710, 0x8001, Shape::huge_in},
    Row{"CVE-2015-5257", "whiteheat", 0x0710, 0x8001, Shape::three_in},
    Row{"CVE-2015-7566", "visor", 0x054c, 0x0144, Shape::huge_in},
    Row{"CVE-2015-7566", "visor", 0x054c, 0x0144, Shape::three_in},
    Row{"CVE-2016-2782", "visor", 0x054c, 0x0144, Shape::one_in},
    Row{"CVE-2016-3136", "mct_u232", 0x050d, 0x0109, Shape::one_in},
    Row{"CVE-2016-3137", "cypress_m8", 0x04b4, 0x5500, Shape::one_in},
    Row{"CVE-2016-2184", "snd-usb-audio", 0x045e, 0x0283, Shape::class_0},
    Row{"CVE-2016-2185", "ati_remote2", 0x0471, 0x0602, Shape::bare},
    Row{"CVE-2016-2186", "powermate", 0x077d, 0x0410, Shape::bare},
    Row{"CVE-2016-2187", "gtco", 0x078c, 0x0400, Shape::bare},
    Row{"CVE-2016-2188", "iowarrior", 0x07c0, 0x1500, Shape::bare},
    Row{"CVE-2016-2384", "snd-usbmidi", 0x0763, 0x1002, Shape::bare},
    Row{"CVE-2016-3138", "cdc_acm", 0x0482, 0x0203, Shape::bare},
    Row{"CVE-2016-3139", "wacom", 0x056a, 0x0003, Shape::bare},
    Row{"CVE-2016-3140", "digi_acceleport", 0x05c5, 0x0002, Shape::bare},
    Row{"CVE-2016-3951", "cdc_ncm", 0x413c, 0x81bb, Shape::empty_cdc},
    // found by fuzzing of 2017 and 2019, and later
    Row{"CVE-2017-16536", "cx231xx", 0x199e, 0x8002, Shape::bare},
    Row{"CVE-2017-16537", "imon", 0x15c2, 0x0046, Shape::bare},
    Row{"CVE-2017-16646", "dib0700", 0x045e, 0x02d5, Shape::bare},
    Row{"CVE-2017-16647", "asix", 0x066b, 0x20f9, Shape::bare},
    Row{"CVE-2017-16650", "qmi_wwan", 0x1410, 0xa021, Shape::bare},
    Row{"CVE-2018-19985", "hso", 0x0af0, 0xc100, Shape::bare},
    Row{"CVE-2019-15216", "yurex", 0x0c45, 0x1010, Shape::bare},
    Row{"CVE-2019-15218", "smsusb", 0x2013, 0x0257, Shape::bare},
    Row{"CVE-2019-15219", "sisusbvga", 0x182d, 0x0269, Shape::bare},
    Row{"CVE-2019-15220", "p54usb", 0x413c, 0x8104, Shape::bare},
    Row{"CVE-2019-15221", "line6", 0x0e41, 0x4156, Shape::bare},
    Row{"CVE-2019-15223", "line6 toneport", 0x0e41, 0x4142, Shape::one_in},
    Row{"CVE-2019-15290", "flexcop", 0x0af7, 0x0101, Shape::bare},
    Row{"CVE-2019-15504", "rsi", 0x1618, 0x9116, Shape::one_in},
    Row{"CVE-2019-15505", "technisat-usb2", 0x14f7, 0x0500, Shape::bare},
    Row{"CVE-2019-19523", "adutux", 0x0a07, 0x00da, Shape::one_in},
    Row{"CVE-2019-19525", "atusb", 0x20b7, 0x1540, Shape::bare},
    Row{"CVE-2019-19526", "pn533", 0x072f, 0x2200, Shape::one_in},
    Row{"CVE-2019-19528", "iowarrior", 0x07c0, 0x1506, Shape::one_in},
    Row{"CVE-2019-19529", "mcba_usb", 0x04d8, 0x0a30, Shape::one_in},
    Row{"CVE-2019-19533", "ttusb_dec", 0x0b48, 0x1009, Shape::bare},
    Row{"CVE-2020-11608", "gspca_ov519", 0x8020, 0xef04, Shape::bare},
    Row{"CVE-2020-11609", "gspca_stv06xx", 0x046d, 0x08f6, Shape::bare},
    Row{"CVE-2020-11668", "gspca_xirlink_cit", 0x0545, 0x800d, Shape::bare},
    Row{"CVE-2026-23290", "pegasus", 0x067c, 0x1001, Shape::bulk_only},
    Row{"CVE-2026-23312", "kaweth", 0x2001, 0x4000, Shape::one_in},
    Row{"CVE-2026-23365", "kalmia", 0x04e8, 0x6889, Shape::one_in},
    Row{"CVE-2026-74460", "ems_usb", 0x12d6, 0x0444, Shape::bulk_only},
    Row{"CVE-2026-74457", "peak_usb", 0x0c72, 0x0014, Shape::bulk_only},
    Row{"CVE-2014-3185", "whiteheat", 0x0710, 0x0001, Shape::bulk_only},
    Row{"CVE-2011-0712", "snd-usb-caiaq", 0x17cc, 0x0808, Shape::one_in},
    Row{"shapes drivers assume", "mceusb", 0x15f4, 0x0135, Shape::one_in},
    Row{"shapes drivers assume", "aiptek", 0x0458, 0x5003, Shape::bare},
    Row{"shapes drivers assume", "usb_8dev", 0x0483, 0x1234, Shape::bare},
    Row{"shapes drivers assume", "keyspan", 0x06cd, 0x0131, Shape::bare},
    Row{"shapes drivers assume", "mos7840", 0x0856, 0xbc03, Shape::one_in},
    Row{"shapes drivers assume", "usbaudio", 0x1209, 0x0021, Shape::bare_audio},
    Row{"shapes drivers assume", "usbhid", 0x1209, 0x0022, Shape::bare_hid},
};

const char* suffix(Shape shape) {
  switch (shape) {
    case Shape::bare:
      return "bare";
    case Shape::class_0:
      return "class-0";
    case Shape::one_in:
      return "one-in";
    case Shape::three_in:
      return "three-in";
    case Shape::huge_in:
      return "huge-in";
    case Shape::bulk_only:
      return "bulk";
    case Shape::empty_cdc:
      return "empty";
    case Shape::bare_audio:
    case Shape::bare_hid:
      return "no-endpoints";
  }
  return "";
}

Interface shaped(Shape shape) {
  Interface one;
  const auto interrupts = [&one](unsigned count, std::uint16_t size) {
    for (unsigned i = 1; i <= count; ++i)
      one.endpoints.push_back({static_cast<std::uint8_t>(0x80U | i), interrupt, size, 10, {}});
  };
  switch (shape) {
    case Shape::bare:
      break;
    case Shape::class_0:
      one.code = 0;
      break;
    case Shape::one_in:
      interrupts(1, 64);
      break;
    case Shape::three_in:
      interrupts(3, 64);
      break;
    case Shape::huge_in:
      interrupts(3, 16384);
      break;
    case Shape::bulk_only:
      one.endpoints = {{0x01, bulk, 64, 0, {}}, {0x81, bulk, 64, 0, {}}};
      break;
    case Shape::empty_cdc:
      one.code = 2;
      one.subclass = 0x0d;
      interrupts(1, 64);
      break;
    case Shape::bare_audio:
      one.code = 1;
      one.subclass = 1;
      break;
    case Shape::bare_hid:
      one.code = 3;
      one.subclass = 1;
      one.protocol = 1;
      one.extra = hid_descriptor(boot_keyboard_report().size());
      break;
  }
  return one;
}

// Shapes that no rule speaks of reach the driver.
Expected expected(Shape shape) {
  switch (shape) {
    case Shape::bare:
      return refused("without any endpoint");
    case Shape::class_0:
      return refused("bInterfaceClass 0x00 is reserved");
    case Shape::huge_in:
      return refused("reserved bits 15..13");
    case Shape::empty_cdc:
      return refused("without a data interface");
    case Shape::bare_hid:
    case Shape::one_in:
    case Shape::three_in:
    case Shape::bulk_only:
    case Shape::bare_audio:
      break;
  }
  return harmless();
}

Device shaped_device(const Row& row) {
  Identity identity;
  identity.vendor = row.vendor;
  identity.product = row.product;
  Device device = device_of(identity, configuration({shaped(row.shape)}));
  // Vendor requests are answered with zeros, short of what a driver counts on.
  device.on_control = [](const Setup&, Bytes) { return give(filled(1)); };
  // A caiaq copies the name into a fixed field.
  device.strings[2] = string_descriptor(std::string(126, 'n'));
  return device;
}

}  // namespace

std::vector<Attack> driver_attacks() {
  std::vector<Attack> all;
  for (const Row& row : rows) {
    std::string id = std::string(row.driver) + "-" + suffix(row.shape);
    for (char& c : id) c = c == ' ' || c == '_' ? '-' : c;
    Attack one{id,
               Class::drivers,
               row.source,
               std::string("endpoints that ") + row.driver + " does not expect",
               [row] { return shaped_device(row); },
               expected(row.shape)};
    // One of each shape of Cinch's also from a hostile backend.
    if (row.shape == Shape::huge_in || row.shape == Shape::class_0)
      one.streamed = expected(row.shape);
    // Two CVEs of one driver with one shape differ in the product only.
    const bool again =
        !all.empty() && std::any_of(all.begin(), all.end(),
                                    [&](const Attack& other) { return other.id == one.id; });
    if (again) one.id += "-2";
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace attacks
