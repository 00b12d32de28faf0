// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that do what they say. An attack is one of these with a deviation.
#pragma once

#include "tests/attacks/emulator/device.hpp"

namespace attacks {

// Anything: strings are there, control requests of its class are stalled, endpoints do nothing:
// OUT is swallowed, IN waits.
Device device_of(const Identity& identity, const Memory& config, Speed speed = Speed::full);

// A boot keyboard (HID 1.11, appendix B) that nobody touches.
Device keyboard();
Memory boot_keyboard_report();
// HID class descriptor for a report descriptor of `size` bytes.
Memory hid_descriptor(std::size_t size);
Interface keyboard_interface(std::uint8_t number = 0);

// What a person, or a script, types: one report and its release for each character.
Device typing_keyboard(std::string_view text, milliseconds pace);

// A stick of 1 MiB in memory, bulk-only transport: sector N is filled with the byte pattern_of(N).
// Where it lies, if it does.
struct DiskLies {
  std::function<void(std::uint8_t opcode, Memory& data)> data;  // what a command returns
  std::function<void(Memory& status)> status;                   // the 13 bytes behind it
};
Device disk(DiskLies lies = {});
inline constexpr std::uint32_t disk_sectors = 2048;
inline constexpr std::uint32_t sector_size = 512;
std::uint8_t pattern_of(std::uint32_t sector);
Interface disk_interface(std::uint8_t number = 0);

// Bulk 0x01 comes back on bulk 0x81, interrupt 0x02 on interrupt 0x82.
Device echo();

// A loudspeaker (isochronous 0x01, setting 1 of interface 1) that nobody hears and a microphone
// (0x82, setting 1 of interface 2) with counted sound (tests/rig/counted_sound.hpp): Audio 1.0,
// 48 kHz, two channels.
Device headset();

// A camera (isochronous 0x81, setting 1 of interface 1): 64 x 48 points of YUY2, 30 pictures a
// second, which begin with their number, little-endian.
Device camera();
inline constexpr std::uint32_t picture_size = 64 * 48 * 2;
std::byte picture_byte(std::uint32_t picture, std::size_t at);

}  // namespace attacks
