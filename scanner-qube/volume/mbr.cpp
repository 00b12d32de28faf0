// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/mbr.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace scannerqube::volume {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::size_t table_at = 446;
constexpr std::size_t record_size = 512;

struct Slot {
  std::uint8_t status = 0;
  std::uint8_t type = 0;
  std::uint32_t start = 0;  // sectors
  std::uint32_t length = 0;
  bool used() const { return type != 0 && length != 0; }
  bool extended() const { return type == 0x05 || type == 0x0f || type == 0x85; }
};
using Slots = std::array<Slot, 4>;

std::optional<Slots> read_slots(const Source& source, std::uint64_t offset) {
  const auto bytes = read_some(source, offset, record_size);
  if (!bytes || bytes->size() < record_size) return std::nullopt;
  if ((*bytes)[510] != std::byte{0x55} || (*bytes)[511] != std::byte{0xaa}) return std::nullopt;
  Reader in(Bytes(*bytes).subspan(table_at));
  Slots slots;
  for (Slot& slot : slots) {
    slot.status = in.u8();
    in.take(3);
    slot.type = in.u8();
    in.take(3);
    slot.start = in.u32();
    slot.length = in.u32();
  }
  return slots;
}

std::string type_text(std::uint8_t type) {
  constexpr std::string_view letters = "0123456789abcdef";
  return std::string("0x") + letters[type >> 4] + letters[type & 15];
}

// Boot code of a file system stands where the table would be.
bool plausible(const Slots& slots) {
  return std::ranges::all_of(slots, [](const Slot& slot) {
    return (slot.status == 0 || slot.status == 0x80) && (slot.type != 0 || slot.length == 0);
  });
}

// One table: what it says, put into a result.
class Chain {
 public:
  Chain(const Source& source, std::uint32_t sector, Mbr& mbr)
      : source_(source), sector_(sector), mbr_(mbr) {}

  void part(const Slot& slot, std::uint64_t base, TableKind kind) {
    const std::uint64_t start = (base + slot.start) * sector_;  // 33 bits and 12: cannot wrap
    const Range where{.offset = start, .length = std::uint64_t{slot.length} * sector_};
    const std::uint64_t size = source_.size();
    if (where.end() > size) {
      mbr_.findings.push_back(
          finding(Concern::out_of_range, "a partition of the MBR, type " + type_text(slot.type) +
                                             ", at byte " + std::to_string(start) +
                                             " ends at byte " + std::to_string(where.end()) +
                                             "; the medium has " + std::to_string(size)));
    }
    if (start >= size) return;
    mbr_.parts.push_back(
        {.where = {.offset = start, .length = std::min(where.length, size - start)},
         .table = kind,
         .type = type_text(slot.type),
         .note = {}});
  }

  // Records of an extended partition: each has one part and the way to the next.
  void follow(const Slot& extended) {
    std::unordered_set<std::uint64_t> seen;
    std::uint64_t at = extended.start;
    while (seen.insert(at).second) {
      if (seen.size() > max_logical_parts) {
        return complain(Concern::not_examined,
                        "more than " + std::to_string(max_logical_parts) + " logical partitions");
      }
      const auto slots = read_slots(source_, at * sector_);
      if (!slots) {
        return complain(Concern::table_damaged, "no record of an extended partition at byte " +
                                                    std::to_string(at * sector_));
      }
      mbr_.tables.push_back({.offset = at * sector_, .length = record_size});
      std::optional<std::uint64_t> next;
      for (const Slot& slot : *slots) {
        if (!slot.used()) continue;
        if (!slot.extended()) {
          part(slot, at, TableKind::mbr_logical);
        } else if (next) {
          complain(Concern::contradiction, "an extended partition forks");
        } else {
          next = std::uint64_t{extended.start} + slot.start;
        }
      }
      if (!next) return;
      at = *next;
    }
    complain(Concern::table_loop, "the records of an extended partition form a loop");
  }

  void complain(Concern concern, std::string text) {
    mbr_.findings.push_back(finding(concern, std::move(text)));
  }

 private:
  const Source& source_;
  std::uint32_t sector_;
  Mbr& mbr_;
};

}  // namespace

std::optional<Mbr> read_mbr(const Source& source, std::uint32_t sector) {
  const auto slots = read_slots(source, 0);
  if (!slots || !plausible(*slots)) return std::nullopt;
  if (std::ranges::none_of(*slots, &Slot::used)) return std::nullopt;
  Mbr mbr;
  mbr.tables.push_back({.offset = table_at, .length = record_size - table_at});
  Chain chain(source, sector, mbr);
  for (const Slot& slot : *slots) {
    if (!slot.used()) continue;
    if (slot.type == 0xee) {
      mbr.protective = true;
    } else if (slot.extended()) {
      chain.follow(slot);
    } else {
      chain.part(slot, 0, TableKind::mbr);
    }
  }
  return mbr;
}

}  // namespace scannerqube::volume
