// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/block_rules.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace sysusb {
namespace {

// Documentation/admin-guide/devices.txt.
constexpr std::uint32_t floppy_major = 2;
constexpr std::uint32_t array_major = 9;
constexpr std::uint32_t xen_major = 202;
// LVM gives its inner layers a UUID with a word behind: LVM-<32><32>-cow (lvm2, dev_manager.c).
constexpr std::size_t lvm_uuid = 4 + 64;

bool begins(const std::string& text, std::string_view prefix) { return text.starts_with(prefix); }

// What a device is, whoever uses it.
class Nature {
 public:
  explicit Nature(const BlockFacts& facts) : facts_(facts) {}

  std::optional<Hidden> reason() const {
    if (auto found = kind()) return found;
    if (auto found = told()) return found;
    if (auto found = mapped()) return found;
    if (auto found = content()) return found;
    return std::nullopt;
  }

 private:
  std::optional<Hidden> kind() const {
    if (!valid_block_id(block_id_of(facts_.name))) return Hidden::bad_name;
    if (facts_.behind_vhci) return Hidden::behind_vhci;
    if (begins(facts_.nbd_backend, own_nbd_backend)) return Hidden::own_frontend;
    if (facts_.kernel_hides) return Hidden::kernel_hides;
    if (begins(facts_.name, "zram") || begins(facts_.name, "ram")) return Hidden::memory;
    if (facts_.major == floppy_major) return Hidden::floppy;
    if (facts_.major == array_major || begins(facts_.name, "md")) return Hidden::array;
    if (facts_.major == xen_major || begins(facts_.name, "xvd")) return Hidden::own_volume;
    return std::nullopt;
  }

  // udev's rules. What the host gave this qube for itself can be given away only by name.
  std::optional<Hidden> told() const {
    if (!facts_.looked_at) return Hidden::not_looked_at;
    if (facts_.udisks_ignore) return Hidden::udisks_ignore;
    if (facts_.exported == Export::no) return Hidden::export_denied;
    if (begins(facts_.name, "vd") && facts_.exported != Export::yes) return Hidden::own_volume;
    return std::nullopt;
  }

  std::optional<Hidden> mapped() const {
    if (kind_of(facts_) != BlockKind::device_mapper) return std::nullopt;
    if (facts_.dm_disk_rules_off && facts_.exported != Export::yes) return Hidden::dm_private;
    if (facts_.dm_name.empty() || begins(facts_.dm_name, "snapshot-") ||
        begins(facts_.dm_name, "origin-"))
      return Hidden::dm_internal;
    if (begins(facts_.dm_uuid, "LVM-") && facts_.dm_uuid.size() > lvm_uuid)
      return Hidden::dm_internal;
    if (facts_.dm_open_count.value_or(0) > 0) return Hidden::dm_open;
    return std::nullopt;
  }

  std::optional<Hidden> content() const {
    const BlockKind kind = kind_of(facts_);
    if (kind == BlockKind::loop && facts_.loop_file.empty()) return Hidden::loop_empty;
    if (facts_.loop_excluded) return Hidden::loop_excluded;
    // The kernel keeps the partitions of one that was disconnected.
    if (begins(facts_.name, "nbd") && !facts_.nbd_connected) return Hidden::nbd_unconnected;
    if (kind == BlockKind::cdrom && facts_.drive == DriveState::empty) return Hidden::no_medium;
    if (facts_.size == 0) return Hidden::no_size;
    return std::nullopt;
  }

  const BlockFacts& facts_;
};

// What stands in the way of a device as long as others use it.
class Use {
 public:
  Use(const std::vector<BlockFacts>& facts, const std::set<std::string>& attached)
      : attached_(attached) {
    for (const BlockFacts& each : facts) {
      by_name_.emplace(each.name, &each);
      if (!each.disk.empty()) partitions_[each.disk].push_back(&each);
      // A loop device over a block device is no holder of it in sysfs.
      if (each.loop_file.starts_with("/dev/")) looped_.insert(each.loop_file.substr(5));
    }
  }

  std::optional<Hidden> reason(const BlockFacts& facts) const {
    if (overlaps(facts)) return Hidden::overlapping;
    if (auto found = own(facts)) return found;
    for (const BlockFacts* partition : partitions_of(facts.name)) {
      if (own(*partition)) return Hidden::partition_used;
      if (is_attached(partition->name)) return Hidden::partition_attached;
    }
    if (!facts.disk.empty()) {
      if (is_attached(facts.disk)) return Hidden::disk_attached;
      // Who uses the disk as a whole uses this part of it too.
      const auto disk = by_name_.find(facts.disk);
      if (disk != by_name_.end()) {
        if (auto found = own(*disk->second)) return found;
      }
    }
    if (stands_on_attached(facts)) return Hidden::built_on_attached;
    return std::nullopt;
  }

 private:
  bool is_attached(const std::string& name) const { return attached_.contains(block_id_of(name)); }

  const std::vector<const BlockFacts*>& partitions_of(const std::string& name) const {
    const auto found = partitions_.find(name);
    return found == partitions_.end() ? none_ : found->second;
  }

  std::optional<Hidden> own(const BlockFacts& facts) const {
    if (facts.mounted) return Hidden::mounted;
    if (facts.swap) return Hidden::swap;
    if (!facts.holders.empty() || looped_.contains(facts.name)) return Hidden::held;
    return std::nullopt;
  }

  // Two qubes with one each would have a way to each other. Neither end can overflow: sizes are of
  // the kernel, which counts in sectors.
  bool overlaps(const BlockFacts& facts) const {
    if (facts.disk.empty()) return false;
    const auto touches = [&facts](const BlockFacts* other) {
      return other->name != facts.name && facts.start < other->start + other->size &&
             other->start < facts.start + facts.size;
    };
    return std::ranges::any_of(partitions_of(facts.disk), touches);
  }

  // Each name is looked at once, so this ends whatever sysfs says.
  bool stands_on_attached(const BlockFacts& facts) const {
    std::set<std::string> seen;
    std::vector<const BlockFacts*> open{&facts};
    while (!open.empty()) {
      const BlockFacts& each = *open.back();
      open.pop_back();
      std::vector<std::string> below = each.slaves;
      if (!each.disk.empty()) below.push_back(each.disk);
      if (each.loop_file.starts_with("/dev/")) below.push_back(each.loop_file.substr(5));
      for (const std::string& name : below) {
        if (is_attached(name)) return true;
        const auto found = by_name_.find(name);
        if (found != by_name_.end() && seen.insert(name).second) open.push_back(found->second);
      }
    }
    return false;
  }

  const std::set<std::string>& attached_;
  std::map<std::string, const BlockFacts*> by_name_;
  std::map<std::string, std::vector<const BlockFacts*>> partitions_;
  std::set<std::string> looped_;
  const std::vector<const BlockFacts*> none_;
};

}  // namespace

const char* describe(Hidden reason) {
  switch (reason) {
    case Hidden::bad_name:
      return "its name has characters that a port id cannot have";
    case Hidden::behind_vhci:
      return "it is another qube's USB device";
    case Hidden::own_frontend:
      return "it is another qube's block device";
    case Hidden::kernel_hides:
      return "the kernel hides it: it is one path of several";
    case Hidden::not_looked_at:
      return "udevd has not looked at it yet";
    case Hidden::udisks_ignore:
      return "a udev rule says UDISKS_IGNORE=1";
    case Hidden::export_denied:
      return "a udev rule says QUBES_EXPORT_BLOCK_DEVICE=0";
    case Hidden::own_volume:
      return "it is a volume of this qube itself";
    case Hidden::memory:
      return "it is memory";
    case Hidden::floppy:
      return "it is a floppy drive";
    case Hidden::array:
      return "it is a RAID array";
    case Hidden::dm_private:
      return "the device mapper keeps it to itself (DM_UDEV_DISABLE_DISK_RULES_FLAG=1)";
    case Hidden::dm_internal:
      return "it is an inner layer of the device mapper";
    case Hidden::dm_open:
      return "somebody has the device-mapper device open";
    case Hidden::loop_empty:
      return "the loop device has no file";
    case Hidden::loop_excluded:
      return "its file's folder has .qubes-exclude-block-devices, or cannot be looked into";
    case Hidden::nbd_unconnected:
      return "the network block device is not connected";
    case Hidden::no_medium:
      return "the drive is empty";
    case Hidden::no_size:
      return "it has no medium: its size is 0";
    case Hidden::overlapping:
      return "another partition covers a part of it";
    case Hidden::mounted:
      return "it is mounted";
    case Hidden::swap:
      return "it is swap space";
    case Hidden::held:
      return "another block device is built on it";
    case Hidden::partition_used:
      return "one of its partitions is in use";
    case Hidden::partition_attached:
      return "one of its partitions is attached";
    case Hidden::disk_attached:
      return "its disk is attached";
    case Hidden::built_on_attached:
      return "what it is built on is attached";
  }
  return "unknown reason";
}

std::vector<std::optional<Hidden>> hidden_reasons(const std::vector<BlockFacts>& facts,
                                                  const std::set<std::string>& attached) {
  const Use use(facts, attached);
  std::vector<std::optional<Hidden>> reasons;
  reasons.reserve(facts.size());
  for (const BlockFacts& each : facts) {
    auto reason = Nature(each).reason();
    if (!reason) reason = use.reason(each);
    reasons.push_back(reason);
  }
  return reasons;
}

}  // namespace sysusb
