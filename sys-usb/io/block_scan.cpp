// SPDX-License-Identifier: GPL-2.0-or-later
// Block devices as sysfs, udev and proc show them; see the header.
#include "sys-usb/io/block_scan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <set>
#include <utility>

#include "base/io/device_events.hpp"
#include "base/io/files.hpp"
#include "sys-usb/block_use.hpp"

namespace sysusb {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_scanned = 1024;
constexpr std::size_t max_table = std::size_t{4} << 20U;  // of mountinfo, of swaps
constexpr std::size_t max_links = 256;                    // holders, or slaves, of one device
constexpr std::uint64_t sysfs_sector = 512;               // `size` and `start`, for all devices
// What sr says of an empty drive that nobody opened (sr.c: set_capacity(disk, 0x1fffff)).
constexpr std::uint64_t empty_drive = 0x1fffff * sysfs_sector;
constexpr const char* exclusion = ".qubes-exclude-block-devices";
constexpr std::array wanted_properties{"QUBES_EXPORT_BLOCK_DEVICE",
                                       "UDISKS_IGNORE",
                                       "DM_UDEV_DISABLE_DISK_RULES_FLAG",
                                       "ID_MODEL",
                                       "ID_FS_LABEL",
                                       "ID_SERIAL_SHORT",
                                       "ID_CDROM",
                                       "ID_CDROM_MEDIA"};

template <class Number>
Number number_in(const fs::path& file, Number otherwise) {
  const std::string text = base::io::read_attribute(file);
  Number value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} ? value : otherwise;
}

std::string property(const UdevProperties& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found == properties.end() ? std::string() : found->second;
}

// A device's own text, without the blanks that SCSI pads with, cut.
std::string bounded(std::string text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text.erase(0, begin);
  text.erase(text.find_last_not_of(' ') + 1);
  if (text.size() > max_block_text) text.resize(max_block_text);
  return text;
}

std::string first_of(std::string one, std::string other) {
  return bounded(one.empty() ? std::move(other) : std::move(one));
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end;
       !error && each != end && names.size() < max_links; each.increment(error)) {
    names.push_back(each->path().filename());
  }
  std::ranges::sort(names);
  return names;
}

// Bytes; what no device has is taken as no medium.
std::uint64_t bytes_in(const fs::path& file) {
  const auto sectors = number_in<std::uint64_t>(file, 0);
  return sectors <= max_block_size / sysfs_sector ? sectors * sysfs_sector : 0;
}

void read_sector_sizes(const fs::path& disk, BlockFacts& facts) {
  const auto logical = number_in<std::uint32_t>(disk / "queue/logical_block_size", 0);
  const auto physical = number_in<std::uint32_t>(disk / "queue/physical_block_size", 0);
  if (std::has_single_bit(logical) && logical >= min_sector_size &&
      logical <= max_logical_sector_size) {
    facts.sector_size = logical;
  }
  const bool sane = std::has_single_bit(physical) && physical >= facts.sector_size &&
                    physical <= max_physical_sector_size;
  facts.physical_sector_size = sane ? physical : facts.sector_size;
}

// The nearest USB interface above the device, and the USB device's own serial number.
void read_usb(const fs::path& folder, BlockFacts& facts, std::string& usb_serial) {
  fs::path each = folder;
  for (; each.has_relative_path(); each = each.parent_path()) {
    std::string name = each.filename();
    if (!valid_usb_interface(name)) continue;
    facts.usb_interface = std::move(name);
    usb_serial = base::io::read_attribute(each.parent_path() / "serial");
    return;
  }
}

// In the folder of the file, or one above; also when it cannot be known.
bool excluded(const fs::path& file) {
  if (!file.is_absolute()) return true;
  for (fs::path folder = file.parent_path();; folder = folder.parent_path()) {
    std::error_code error;
    const auto status = fs::symlink_status(folder / exclusion, error);
    if (status.type() != fs::file_type::not_found) return true;
    if (folder == folder.root_path()) return false;
  }
}

// What `disk` is, facts being of it or of a partition of it.
void read_kind(const fs::path& disk, BlockFacts& facts) {
  // Only while its client runs (nbd.c).
  facts.nbd_connected = !base::io::read_attribute(disk / "pid").empty();
  facts.nbd_backend = base::io::read_attribute(disk / "backend");
  const std::string loop_file = base::io::read_attribute(disk / "loop/backing_file");
  facts.loop_excluded = !loop_file.empty() && excluded(loop_file);
  if (facts.partition != 0) return;
  facts.loop_file = loop_file;
  facts.dm_name = base::io::read_attribute(disk / "dm/name");
  facts.dm_uuid = base::io::read_attribute(disk / "dm/uuid");
}

void read_properties(const UdevProperties& properties, BlockFacts& facts) {
  const std::string exported = property(properties, "QUBES_EXPORT_BLOCK_DEVICE");
  if (exported == "1") facts.exported = Export::yes;
  if (exported == "0") facts.exported = Export::no;
  facts.udisks_ignore = property(properties, "UDISKS_IGNORE") == "1";
  facts.dm_disk_rules_off = property(properties, "DM_UDEV_DISABLE_DISK_RULES_FLAG") == "1";
  facts.label = bounded(property(properties, "ID_FS_LABEL"));
  if (property(properties, "ID_CDROM") == "1") {
    const bool loaded = property(properties, "ID_CDROM_MEDIA") == "1";
    facts.drive = loaded ? DriveState::loaded : DriveState::empty;
  }
}

// All devices of a mounted btrfs; mountinfo names one.
std::set<std::string> btrfs_devices(const fs::path& sysfs) {
  std::set<std::string> devices;
  for (const std::string& one : names_in(sysfs / "fs/btrfs")) {
    for (const std::string& name : names_in(sysfs / "fs/btrfs" / one / "devices"))
      devices.insert(name);
  }
  return devices;
}

std::optional<BlockFacts> read_one(const BlockSources& sources, const std::string& name) {
  std::error_code error;
  const fs::path folder = fs::canonical(sources.sysfs / "class/block" / name, error);
  if (error) return std::nullopt;  // gone meanwhile
  BlockFacts facts;
  facts.name = name;
  facts.folder = folder;
  const std::string number = base::io::read_attribute(folder / "dev");
  const std::size_t colon = std::min(number.find(':'), number.size());
  const auto major = std::from_chars(number.data(), number.data() + colon, facts.major);
  if (major.ec != std::errc{} || colon == number.size()) return std::nullopt;
  facts.minor = 0;
  std::from_chars(number.data() + colon + 1, number.data() + number.size(), facts.minor);

  facts.partition = number_in<std::uint16_t>(folder / "partition", 0);
  const fs::path disk = facts.partition == 0 ? folder : folder.parent_path();
  if (facts.partition != 0) facts.disk = disk.filename();
  facts.diskseq = number_in<std::uint64_t>(disk / "diskseq", 0);
  facts.start = bytes_in(folder / "start");
  facts.size = bytes_in(folder / "size");
  read_sector_sizes(disk, facts);
  const bool read_only = number_in<int>(folder / "ro", 1) != 0;
  facts.mode = read_only ? BlockMode::read_only : BlockMode::read_write;
  const bool removable = number_in<int>(disk / "removable", 0) != 0;
  facts.medium = removable ? Medium::removable : Medium::fixed;
  facts.kernel_hides = number_in<int>(disk / "hidden", 0) != 0;
  facts.behind_vhci = folder.native().find("/vhci_hcd") != std::string::npos;
  facts.holders = names_in(folder / "holders");
  facts.slaves = names_in(folder / "slaves");
  read_kind(disk, facts);

  std::string usb_serial;
  read_usb(folder, facts, usb_serial);
  const auto properties = sources.udev(name);
  facts.looked_at = properties.has_value();
  const UdevProperties known = properties.value_or(UdevProperties{});
  read_properties(known, facts);
  facts.model =
      first_of(property(known, "ID_MODEL"), base::io::read_attribute(disk / "device/model"));
  facts.serial = first_of(property(known, "ID_SERIAL_SHORT"), std::move(usb_serial));
  if (kind_of(facts) == BlockKind::cdrom && facts.drive == DriveState::unknown &&
      facts.size == empty_drive) {
    facts.drive = DriveState::empty;
  }
  return facts;
}

}  // namespace

UdevLookup udev_database(udev* context) {
  return [context](const std::string& name) -> std::optional<UdevProperties> {
    UdevProperties properties;
    if (!base::io::udevd_runs()) return properties;
    const auto device = base::io::looked_at_by_udevd(context, "block", name);
    if (!device) return std::nullopt;
    for (const char* key : wanted_properties) {
      const char* value = ::udev_device_get_property_value(device.get(), key);
      if (value != nullptr) properties.emplace(key, value);
    }
    return properties;
  };
}

base::Result<std::vector<BlockFacts>> scan_block_devices(const BlockSources& sources) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(sources.sysfs / "class/block", error), end;
       !error && each != end; each.increment(error)) {
    if (names.size() == max_scanned)
      return base::fail("list block devices: more than 1,024; remove loop or ram devices");
    names.push_back(each->path().filename());
  }
  std::ranges::sort(names);

  const auto mountinfo = base::io::read_file(sources.mountinfo, max_table);
  if (!mountinfo) return base::fail("see what is mounted: " + mountinfo.error().text);
  const BlockUse mounts = parse_mountinfo(*mountinfo);
  // A kernel without swap has no such file.
  const auto swaps = base::io::read_file(sources.swaps, max_table);
  if (!swaps && fs::symlink_status(sources.swaps, error).type() != fs::file_type::not_found)
    return base::fail("see what is swap space: " + swaps.error().text);
  const BlockUse swap = swaps ? parse_swaps(*swaps) : BlockUse{};

  const auto btrfs = btrfs_devices(sources.sysfs);
  std::vector<BlockFacts> found;
  for (const std::string& name : names) {
    auto facts = read_one(sources, name);
    if (!facts) continue;
    const std::pair number{facts->major, facts->minor};
    facts->mounted = in_use(mounts, name, facts->dm_name, number) || btrfs.contains(name);
    facts->swap = in_use(swap, name, facts->dm_name, number);
    found.push_back(*std::move(facts));
  }
  return found;
}

}  // namespace sysusb
