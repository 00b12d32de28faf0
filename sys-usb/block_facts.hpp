// SPDX-License-Identifier: GPL-2.0-or-later
// What a qube knows of one of its own block devices, before it is decided whether others may.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys-usb/block_record.hpp"

namespace sysusb {

// QUBES_EXPORT_BLOCK_DEVICE of udev's rules.
enum class Export { unset, no, yes };
// Whether a drive has a medium, as udev's cdrom_id found.
enum class DriveState { unknown, empty, loaded };

// Read from sysfs, udev's database, mountinfo and swaps; nothing of it was read from the medium by
// us.
struct BlockFacts {           // NOLINT(clang-analyzer-optin.performance.Padding): by meaning
  std::string name;           // the kernel's: "sda1", "cciss!c0d0"
  std::string folder;         // in sysfs, with links followed; another device has another one
  std::uint64_t diskseq = 0;  // the kernel's count of disks and of media in them; 0: unknown
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::string disk;             // of a partition: the kernel's name of its disk
  std::uint16_t partition = 0;  // its number
  std::uint64_t start = 0;      // of a partition, in bytes
  std::uint64_t size = 0;       // in bytes
  std::uint32_t sector_size = min_sector_size;
  std::uint32_t physical_sector_size = min_sector_size;
  BlockMode mode = BlockMode::read_write;
  Medium medium = Medium::fixed;
  std::string usb_interface;  // "2-1.4:1.0"; empty: not on a USB bus
  std::string model;          // the medium's and the device's claims, at most 255 bytes each
  std::string label;
  std::string serial;

  bool kernel_hides = false;   // sysfs's `hidden`: one path of several
  bool behind_vhci = false;    // another qube's device that is attached here
  bool looked_at = true;       // udevd has applied its rules, or there is none
  bool udisks_ignore = false;  // UDISKS_IGNORE=1
  Export exported = Export::unset;
  DriveState drive = DriveState::unknown;

  std::vector<std::string> holders;  // kernel's names of what is built on it
  std::vector<std::string> slaves;   // kernel's names of what it is built on
  bool mounted = false;
  bool swap = false;

  std::string dm_name;
  std::string dm_uuid;
  bool dm_disk_rules_off = false;              // DM_UDEV_DISABLE_DISK_RULES_FLAG=1
  std::optional<std::uint32_t> dm_open_count;  // sysfs does not tell
  std::string loop_file;                       // empty: an empty loop device
  bool loop_excluded = false;  // .qubes-exclude-block-devices stands in a folder above the file
  bool nbd_connected = false;
  std::string nbd_backend;  // what its client calls itself (NBD_ATTR_BACKEND_IDENTIFIER)
};

// The prefix of nbd_backend of devices that come from another qube.
inline constexpr const char* own_nbd_backend = "sallyport";

BlockKind kind_of(const BlockFacts& facts);
// '!', which is '/' in /dev, becomes '-'; not always a valid_block_id().
std::string block_id_of(const std::string& kernel_name);
BlockRecord record_of(const BlockFacts& facts);

}  // namespace sysusb
