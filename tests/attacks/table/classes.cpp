// SPDX-License-Identifier: GPL-2.0-or-later
// Class-specific descriptors that lie: CDC, audio, video, UAS.
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

Device product(unsigned vendor, unsigned id, Device device) {
  device.descriptor =
      patched(device.descriptor, 8, {vendor & 0xffU, vendor >> 8U, id & 0xffU, id >> 8U});
  return device;
}

Attack block(const char* id, const char* source, const char* what, Device device,
             Expected plug = harmless()) {
  return {id, Class::class_blocks, source, what, [device] { return device; }, plug};
}

// One communications interface with these descriptors, and one for its data.
Device cdc(std::uint8_t subclass, std::uint8_t protocol, const Memory& blocks,
           std::uint16_t packet = 64) {
  Interface control;
  control.code = 2;
  control.subclass = subclass;
  control.protocol = protocol;
  control.extra = blocks;
  control.endpoints = {{0x83, interrupt, 16, 10, {}}};
  Interface data;
  data.number = 1;
  data.code = 10;
  data.endpoints = {{0x01, bulk, packet, 0, {}}, {0x81, bulk, packet, 0, {}}};
  Identity identity;
  identity.product = 0x0030;
  return device_of(identity, configuration({control, data}));
}

// CDC 1.2, 5.2.3: header, union, ethernet.
Memory cdc_blocks(unsigned other) {
  return bytes({5, 0x24, 0, 0x10, 1}) + bytes({5, 0x24, 6, 0, other}) +
         bytes({13, 0x24, 0x0f, 3, 0, 0, 0, 0, 0xea, 5, 0, 0, 0});
}

std::vector<Attack> communication() {
  return {
      block("cdc-union-missing", "CDC 1.2", "a union with interface 200",
            cdc(2, 1, cdc_blocks(200)),
            refused("class-specific descriptor: it names interface 200, which does not exis")),
      block("cdc-union-itself", "CDC 1.2", "a union with itself", cdc(2, 1, cdc_blocks(0))),
      block("cdc-union-short", "CVE-2017-16645", "a union of three bytes",
            cdc(2, 1, bytes({3, 0x24, 6})),
            refused("class-specific descriptor 0x24: bLength 3 is too short for its kind 0x")),
      block("cdc-block-0", "CVE-2017-16534", "a block of length 0",
            cdc(6, 0, bytes({5, 0x24, 0, 0x10, 1, 0, 0x24, 6})),
            refused("bLength 0 is less than its own header's 2 bytes")),
      block("cdc-block-beyond", "CVE-2017-16534", "a block that reaches beyond the end",
            cdc(2, 1, bytes({255, 0x24, 6, 0, 1})),
            refused("bLength 0 is less than its own header's 2 bytes")),
      block("cdc-ether-packet-0", "CVE-2017-16649", "an adapter with packets of 0 bytes",
            cdc(6, 0, cdc_blocks(1), 0), refused("wMaxPacketSize is 0")),
      block("cdc-ncm-nothing", "CVE-2016-3951", "NCM that answers no question",
            cdc(0x0d, 0, cdc_blocks(1))),
      block("cdc-mbim-nothing", "CDC 1.2", "MBIM without its block", cdc(0x0e, 0, cdc_blocks(1))),
      block("cdc-wdm-packet-0", "CVE-2013-1860", "WDM with buffers of 65535 bytes",
            cdc(9, 0, bytes({5, 0x24, 0, 0x10, 1, 7, 0x24, 0x12, 0, 1, 0xff, 0xff})),
            refused("class-specific descriptor 0x24: bLength 7 is too short for its kind 0x")),
      block("rndis", "rogue network adapter", "a network adapter nobody asked for",
            cdc(2, 0xff, cdc_blocks(1))),
  };
}

// Audio control with these units, and a streaming interface that does nothing.
Device audio(std::uint8_t version, const Memory& units) {
  Interface control;
  control.code = 1;
  control.subclass = 1;
  control.protocol = version;
  const auto total = static_cast<unsigned>(9 + units.size());
  control.extra = version == 0x20
                      ? bytes({9, 0x24, 1, 0, 2, 1, total & 0xffU, total >> 8U, 0}) + units
                      : bytes({9, 0x24, 1, 0, 1, total & 0xffU, total >> 8U, 1, 1}) + units;
  Interface silent;
  silent.number = 1;
  silent.code = 1;
  silent.subclass = 2;
  silent.protocol = version;
  Interface sounding = silent;
  sounding.alternate = 1;
  sounding.extra =
      bytes({7, 0x24, 1, 1, 1, 1, 0}) + bytes({11, 0x24, 2, 1, 2, 2, 16, 1, 0x80, 0xbb, 0});
  sounding.endpoints = {{0x01, isochronous | 8U, 192, 1, bytes({7, 0x25, 1, 0, 0, 0, 0})}};
  Identity identity;
  identity.product = 0x0031;
  return device_of(identity, configuration({control, silent, sounding}));
}

// Audio 1.0, 4.3.2: input terminal 1, feature unit 2 of it, output terminal 3.
Memory audio_chain() {
  return bytes({12, 0x24, 2, 1, 1, 1, 0, 2, 3, 0, 0, 0}) + bytes({9, 0x24, 3, 3, 1, 3, 0, 2, 0});
}

std::vector<Attack> sound() {
  return {
      block("audio-mixer-short", "CVE-2019-15117", "a mixer unit of five bytes",
            audio(0, audio_chain() + bytes({5, 0x24, 4, 2, 255})),
            refused("class-specific descriptor 0x24: bLength 5 is too short for its kind 0x")),
      block("audio-loop", "CVE-2019-15118", "units that are each other's source",
            audio(0, bytes({9, 0x24, 3, 3, 1, 3, 0, 4, 0}) +
                         bytes({10, 0x24, 6, 4, 5, 1, 3, 3, 3, 0}) +
                         bytes({10, 0x24, 6, 5, 4, 1, 3, 3, 3, 0})),
            refused("unit 3: its sources lead back to it in a loop")),
      block("audio-itself", "CVE-2019-15118", "a unit that is its own source",
            audio(0, bytes({9, 0x24, 3, 3, 1, 3, 0, 2, 0}) +
                         bytes({10, 0x24, 6, 2, 2, 1, 3, 3, 3, 0})),
            refused("unit 3: its sources lead back to it in a loop")),
      block("audio-feature-0", "Audio 1.0", "a feature unit whose controls have no size",
            audio(0, audio_chain() + bytes({7, 0x24, 6, 2, 1, 0, 0})),
            refused("class-specific descriptor 0x24: bLength 7 is too short for its kind 0x")),
      block("audio-clock-short", "CVE-2024-53150", "a clock source of four bytes",
            audio(0x20, bytes({4, 0x24, 0x0a, 9}) +
                            bytes({17, 0x24, 2, 1, 1, 1, 0, 9, 2, 3, 0, 0, 0, 0, 0, 0, 0})),
            refused("class-specific descriptor 0x24: bLength 4 is too short for its kind 0x")),
      block("audio-selector-pins", "CVE-2024-53150", "a clock selector with 255 sources",
            audio(0x20, bytes({8, 0x24, 0x0b, 9, 255, 9, 0, 0})),
            refused("class-specific descriptor 0x24: bLength 8 is too short for its kind 0x")),
      block("audio-units-none", "CVE-2018-19824", "audio without any unit", audio(0, {})),
      block("audio-extigy", "CVE-2024-53197", "an Extigy with another number of configurations",
            product(0x041e, 0x3000, audio(0, audio_chain()))
                .with({Step::device, spoil(17, {200}), 3}),
            refused("its source 2 does not exist")),
      block(
          "midi-jacks", "CVE-2026-52963", "MIDI with jacks beyond the end of their block",
          [] {
            Interface midi;
            midi.code = 1;
            midi.subclass = 3;
            midi.extra = bytes({7, 0x24, 1, 0, 1, 65, 0});
            midi.endpoints = {{0x01, bulk, 64, 0, bytes({5, 0x25, 1, 16, 1})},
                              {0x81, bulk, 64, 0, bytes({4, 0x25, 1, 255})}};
            Identity identity;
            identity.product = 0x0032;
            return device_of(identity, configuration({midi}));
          }(),
          refused("class-specific descriptor 0x25: bLength 5 is too short for its kind 0x")),
  };
}

// Video control and streaming with these blocks (UVC 1.5, 3.7 and 3.9).
Device video(const Memory& control_blocks, const Memory& stream_blocks) {
  Interface control;
  control.code = 14;
  control.subclass = 1;
  control.extra = control_blocks;
  Interface stream;
  stream.number = 1;
  stream.code = 14;
  stream.subclass = 2;
  stream.extra = stream_blocks;
  stream.endpoints = {{0x81, bulk, 512, 0, {}}};
  Identity identity;
  identity.product = 0x0033;
  return device_of(identity, configuration({control, stream}, bytes({8, 11, 0, 2, 14, 3, 0, 0})),
                   Speed::high);
}

Memory video_control() {
  return bytes({13, 0x24, 1, 0, 1, 40, 0, 0x80, 0x8d, 0x5b, 0, 1, 1}) +
         bytes({18, 0x24, 2, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0}) +
         bytes({9, 0x24, 3, 2, 1, 1, 0, 1, 0});
}
Memory video_header(unsigned formats) {
  return bytes({14, 0x24, 1, formats, 60, 0, 0x81, 0, 2, 0, 0, 0, 1, 0});
}
Memory video_format(unsigned frames) { return bytes({11, 0x24, 6, 1, frames, 0, 1, 0, 0, 0, 0}); }

std::vector<Attack> pictures() {
  return {
      block("video-frame-undefined", "CVE-2024-53104", "frames of the undefined type",
            video(video_control(), video_header(1) + video_format(1) + bytes({26, 0x24, 0}) +
                                       filled(23, 1) + bytes({26, 0x24, 0}) + filled(23, 1)),
            refused("video format: 0 frames of its kind follow it, not 1 to 255")),
      block("video-frame-short", "UVC 1.5", "a frame of five bytes",
            video(video_control(), video_header(1) + video_format(1) + bytes({5, 0x24, 7, 1, 0})),
            refused("class-specific descriptor 0x24: bLength 5 is too short for its kind 0x")),
      block("video-intervals", "UVC 1.5", "a frame that claims 255 intervals",
            video(video_control(), video_header(1) + video_format(1) + bytes({26, 0x24, 7, 1, 0}) +
                                       filled(20, 1) + bytes({255})),
            refused("class-specific descriptor 0x24: bLength 26 is too short for its kind 0")),
      block("video-formats-255", "UVC 1.5", "a header that claims 255 formats",
            video(video_control(), video_header(255)),
            refused("class-specific descriptor 0x24: bLength 14 is too short for its kind 0")),
      block("video-unit-loop", "UVC 1.5", "units that are each other's source",
            video(bytes({13, 0x24, 1, 0, 1, 40, 0, 0x80, 0x8d, 0x5b, 0, 1, 1}) +
                      bytes({7, 0x24, 4, 1, 1, 2, 0}) + bytes({7, 0x24, 4, 2, 1, 1, 0}) +
                      bytes({9, 0x24, 3, 3, 1, 1, 0, 1, 0}),
                  video_header(1) + video_format(0)),
            refused("unit 1: its sources lead back to it in a loop")),
      block(
          "video-extension", "UVC 1.5", "an extension unit with 255 pins",
          video(video_control() + bytes({24, 0x24, 6, 5}) + filled(17, 1) + bytes({255, 1, 1}), {}),
          refused("class-specific descriptor 0x24: bLength 24 is too short for its kind 0")),
      block(
          "uas-no-pipes", "CVE-2017-16530", "UAS without the blocks that name its pipes",
          [] {
            Interface bot = disk_interface();
            Interface uas = disk_interface();
            uas.alternate = 1;
            uas.protocol = 0x62;
            uas.endpoints = {{0x02, bulk, 512, 0, {}},
                             {0x82, bulk, 512, 0, bytes({2, 0x24})},
                             {0x83, bulk, 512, 0, bytes({3, 0x24, 9})},
                             {0x03, bulk, 512, 0, {}}};
            Device device = disk();
            device.configurations[0] = configuration({bot, uas});
            return device;
          }(),
          refused("class-specific descriptor 0x24: bLength 2 is too short for its kind 0x")),
      block(
          "extra-tiny", "CVE-2018-20169", "blocks of one and of no bytes behind an endpoint",
          [] {
            Interface one = keyboard_interface();
            one.endpoints[0].extra = bytes({2, 0x30, 1, 0x30, 0});
            Device device = keyboard();
            device.configurations[0] = configuration({one});
            return device;
          }(),
          refused("it does not follow a SuperSpeed endpoint")),
  };
}

}  // namespace

std::vector<Attack> class_attacks() {
  std::vector<Attack> all = communication();
  for (auto part : {sound, pictures}) {
    const std::vector<Attack> some = part();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace attacks
