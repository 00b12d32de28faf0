// SPDX-License-Identifier: GPL-2.0-or-later
// FAT and exFAT whose chains, records and first sector lie.
#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/exfat_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

constexpr std::size_t record_size = 32;

// A volume with the usual files, and where its structures stand.
class Fat : public Image {
 public:
  Fat(Form form, const Folder& folder)
      : Image(usual_image(form, folder)),
        bits_(form == Form::fat12   ? 12
              : form == Form::fat16 ? 16
                                    : 32),
        table_(number(14, 2) * 512),
        copies_(number(16, 1)),
        table_length_((bits_ == 32 ? number(36, 4) : number(22, 2)) * 512) {}
  std::size_t file() const { return find("EICAR   COM"); }
  std::size_t other() const { return find("NOTES   TXT"); }
  std::size_t sub() const { return find("SUB        "); }
  std::uint32_t first(std::size_t record) const {
    return static_cast<std::uint32_t>(number(record + 26, 2) | number(record + 20, 2) << 16U);
  }
  void set_first(std::size_t record, std::uint32_t cluster) {
    put(record + 26, le16(cluster)).put(record + 20, le16(cluster >> 16U));
  }
  void set_size(std::size_t record, std::uint64_t size) { put(record + 28, le32(size)); }
  void link(std::uint32_t from, std::uint32_t to) {
    for (std::uint64_t copy = 0; copy < copies_; ++copy) link_in(copy, from, to);
  }
  void link_in(std::uint64_t copy, std::uint32_t from, std::uint32_t to) {
    const std::size_t at = table_ + copy * table_length_;
    if (bits_ == 32) put(at + from * 4UL, le32(to));
    if (bits_ == 16) put(at + from * 2UL, le16(to));
    if (bits_ != 12) return;
    const std::uint64_t old = number(at + from * 3UL / 2, 2);
    put(at + from * 3UL / 2,
        le16(from % 2 == 0 ? (old & 0xf000U) | (to & 0xfffU) : (old & 0xfU) | to << 4U));
  }
  std::uint32_t last() const { return 0x0fffffffU; }
  std::size_t root() const {
    return table_ + copies_ * table_length_;  // of FAT32: cluster 2, the same place
  }

 private:
  unsigned bits_;
  std::size_t table_;
  std::uint64_t copies_;
  std::size_t table_length_;
};

using Spoil = void (*)(Fat& fat);
struct Case {
  const char* name;
  Spoil spoil;
  Expected expected = Expected::not_missed;
};

void move_behind_the_end(Fat& fat) {
  // Linux goes on behind the record that ends a folder for others.
  const std::string record = fat.bytes().substr(fat.file(), record_size);
  const std::size_t old = fat.file();
  std::size_t end = fat.root();
  while (fat.bytes()[end] != 0) end += record_size;
  fat.put(end + 3 * record_size, record);
  fat.put(old, "\xe5");
  fat.put(old - record_size, "\xe5");
}

void loop_in_sub(Fat& fat) {
  std::string record = fat.bytes().substr(fat.sub(), record_size);
  record.replace(0, 11, "LOOP       ");
  std::size_t end = fat.file();
  while (fat.bytes()[end] != 0) end += record_size;
  fat.put(end, record);
}

// What chains and records say.
constexpr Case record_cases[] = {
    {"chain_loop", [](Fat& f) { f.link(f.first(f.file()) + 2, f.first(f.file())); }},
    {"chain_to_itself", [](Fat& f) { f.link(f.first(f.file()), f.first(f.file())); }},
    {"chain_into_another", [](Fat& f) { f.link(f.first(f.other()), f.first(f.file()) + 1); }},
    {"chain_into_a_folder", [](Fat& f) { f.link(f.first(f.file()) + 1, f.first(f.sub())); }},
    {"chain_out_of_range", [](Fat& f) { f.link(f.first(f.file()), 0x0ffffef); }},
    {"chain_to_a_free_one", [](Fat& f) { f.link(f.first(f.file()), 0); }},
    {"chain_to_a_bad_one", [](Fat& f) { f.link(f.first(f.file()), 0x0ffffff7); }},
    {"chain_ends_early", [](Fat& f) { f.link(f.first(f.file()), f.last()); }},
    {"two_files_in_one_chain", [](Fat& f) { f.set_first(f.other(), f.first(f.file())); }},
    {"first_cluster_0", [](Fat& f) { f.set_first(f.file(), 0); }},
    {"first_cluster_1", [](Fat& f) { f.set_first(f.file(), 1); }},
    {"first_cluster_out_of_range", [](Fat& f) { f.set_first(f.file(), 0x0ffffff0); }},
    {"size_0", [](Fat& f) { f.set_size(f.file(), 0); }},
    {"size_too_small", [](Fat& f) { f.set_size(f.file(), 40); }},
    {"size_too_large", [](Fat& f) { f.set_size(f.file(), 0xffffffff); }},
    {"size_a_little_too_large", [](Fat& f) { f.set_size(f.file(), 5000); }},
    {"folder_is_the_root", [](Fat& f) { f.set_first(f.sub(), 0); }},
    {"folder_in_itself", loop_in_sub},
    {"folder_out_of_range", [](Fat& f) { f.set_first(f.sub(), 0x0ffffff0); }},
    {"folder_chain_loop", [](Fat& f) { f.link(f.first(f.sub()), f.first(f.sub())); }},
    {"file_is_a_folder", [](Fat& f) { f.put(f.file() + 11, "\x10"); }},
    {"file_is_a_label", [](Fat& f) { f.put(f.file() + 11, "\x08"); }, Expected::infected},
    {"file_is_hidden", [](Fat& f) { f.put(f.file() + 11, "\x07"); }, Expected::infected},
    {"file_is_a_long_name", [](Fat& f) { f.put(f.file() + 11, "\x0f"); }},
    {"name_of_zeros", [](Fat& f) { f.put(f.file(), std::string(1, '\0') + "ICAR"); }},
    {"name_begins_with_05", [](Fat& f) { f.put(f.file(), "\x05"); }, Expected::infected},
    {"name_of_spaces", [](Fat& f) { f.put(f.file(), "           "); }},
    {"name_with_a_slash", [](Fat& f) { f.put(f.file(), "../../A"); }},
    {"behind_the_end", move_behind_the_end},
    {"second_table_differs", [](Fat& f) { f.link_in(1, f.first(f.file()), 0); }},
    {"first_table_is_empty", [](Fat& f) { f.link_in(0, f.first(f.file()), 0); }},
};

// What the first sector says (offsets: Microsoft's "FAT: General Overview", 2005).
constexpr Case sector_cases[] = {
    {"sector_size_0", [](Fat& f) { f.put(11, le16(0)); }, Expected::incomplete},
    {"sector_size_odd", [](Fat& f) { f.put(11, le16(513)); }, Expected::incomplete},
    {"sector_size_4096", [](Fat& f) { f.put(11, le16(4096)); }},
    {"cluster_size_0", [](Fat& f) { f.put(13, std::string(1, '\0')); }, Expected::incomplete},
    {"cluster_size_128", [](Fat& f) { f.put(13, "\x80"); }},
    {"no_reserved_sector", [](Fat& f) { f.put(14, le16(0)); }, Expected::incomplete},
    {"reserved_beyond_the_end", [](Fat& f) { f.put(14, le16(0xffff)); }},
    {"no_table", [](Fat& f) { f.put(16, std::string(1, '\0')); }, Expected::incomplete},
    {"255_tables", [](Fat& f) { f.put(16, "\xff"); }, Expected::incomplete},
    {"root_of_65535", [](Fat& f) { f.put(17, le16(0xffff)); }},
    {"more_sectors_than_there_are", [](Fat& f) { f.put(19, le16(0)).put(32, le32(0xffffffff)); }},
    {"fewer_sectors_than_there_are", [](Fat& f) { f.put(19, le16(200)).put(32, le32(0)); }},
    {"table_of_65535", [](Fat& f) { f.put(22, le16(0xffff)); }},
    {"table_of_4294967295", [](Fat& f) { f.put(22, le16(0)).put(36, le32(0xffffffff)); }},
    {"root_cluster_out_of_range", [](Fat& f) { f.put(44, le32(0x0ffffff0)); }},
    {"root_cluster_is_a_file", [](Fat& f) { f.put(44, le32(f.first(f.file()))); }},
    {"active_table_is_none", [](Fat& f) { f.put(40, le16(0x8f)); }},
};

Medium medium(Form form, const Case& what) {
  return {.name = name_of(form) + "_" + what.name,
          .expected = what.expected,
          .make = [form, spoil = what.spoil](const Folder& folder) {
            Fat fat(form, folder);
            spoil(fat);
            return fat.path();
          }};
}

using SpoilExfat = void (*)(ExfatVolume& volume);
struct ExfatCase {
  const char* name;
  SpoilExfat spoil;
  Expected expected = Expected::not_missed;
};

constexpr std::uint32_t at_cluster = 100;

void add_planted(ExfatVolume& volume) {
  volume.put(volume.offset(at_cluster), planted());
  volume.add(planted_name, at_cluster, planted().size());
}

constexpr ExfatCase exfat_cases[] = {
    {"honest", add_planted, Expected::infected},
    {"chain_loop",
     [](ExfatVolume& v) {
       v.follow_chains();
       v.link(at_cluster, at_cluster);
       v.put(v.offset(at_cluster), planted());
       v.add(planted_name, at_cluster, 3 * v.cluster());
     }},
    {"chain_out_of_range",
     [](ExfatVolume& v) {
       v.follow_chains();
       v.link(at_cluster, 0xfffffff0);
       v.put(v.offset(at_cluster), planted());
       v.add(planted_name, at_cluster, 3 * v.cluster());
     }},
    {"two_files_in_one_place",
     [](ExfatVolume& v) {
       add_planted(v);
       v.add("again.com", at_cluster, planted().size());
     }},
    {"size_of_all_ones",
     [](ExfatVolume& v) {
       add_planted(v);
       v.add("large", at_cluster + 1, ~0ULL);
     }},
    {"folder_is_the_root",
     [](ExfatVolume& v) {
       add_planted(v);
       v.add("loop", v.root(), v.cluster(), ExfatVolume::Is::folder);
     }},
    {"folder_of_an_exbibyte",
     [](ExfatVolume& v) {
       add_planted(v);
       v.add("large", at_cluster + 1, 1ULL << 60U, ExfatVolume::Is::folder);
     }},
    {"hidden_by_its_times",
     [](ExfatVolume& v) {
       v.without_times();
       add_planted(v);
     }},
    {"wrong_checksum",
     [](ExfatVolume& v) {
       const auto at = v.end();
       add_planted(v);
       v.put(at + 2, "\x01\x02");
     }},
    {"too_few_records",
     [](ExfatVolume& v) {
       const auto at = v.end();
       add_planted(v);
       v.put(at + 1, "\x01");
     }},
    {"too_many_records",
     [](ExfatVolume& v) {
       const auto at = v.end();
       add_planted(v);
       v.put(at + 1, "\x12");
     }},
    {"name_longer_than_its_records",
     [](ExfatVolume& v) {
       const auto at = v.end();
       add_planted(v);
       v.put(at + 32 + 3, "\xff");
     }},
    {"valid_bytes_none",
     [](ExfatVolume& v) {
       const auto at = v.end();
       add_planted(v);
       v.put(at + 32 + 8, le64(~0ULL));
     }},
    {"sector_of_2_to_the_255", [](ExfatVolume& v) { v.put(108, "\xff"); }, Expected::incomplete},
    {"cluster_of_2_to_the_255", [](ExfatVolume& v) { v.put(109, "\xff"); }, Expected::incomplete},
    {"no_table", [](ExfatVolume& v) { v.put(110, std::string(1, '\0')); }, Expected::incomplete},
    {"heap_beyond_the_end", [](ExfatVolume& v) { v.put(88, le32(0xfffffff0)); },
     Expected::incomplete},
    {"clusters_of_all_ones", [](ExfatVolume& v) { v.put(92, le32(0xffffffff)); },
     Expected::incomplete},
    {"root_out_of_range", [](ExfatVolume& v) { v.put(96, le32(0xfffffff0)); },
     Expected::incomplete},
};

}  // namespace

Media fat_media() {
  Media media;
  // Each case on one of the three, so that all are met; those of FAT32's own fields there.
  constexpr std::array forms{Form::fat12, Form::fat16, Form::fat32};
  std::size_t turn = 0;
  for (const Case& what : record_cases) media.push_back(medium(forms.at(turn++ % 3), what));
  for (const Case& what : sector_cases) media.push_back(medium(Form::fat16, what));
  for (const char* word : {"root_cluster", "active_table", "table_of_4", "more_sectors"}) {
    for (const Case& what : sector_cases) {
      if (std::string(what.name).starts_with(word)) media.push_back(medium(Form::fat32, what));
    }
  }
  for (const ExfatCase& what : exfat_cases) {
    media.push_back({.name = std::string("exfat_") + what.name,
                     .expected = what.expected,
                     .make = [spoil = what.spoil](const Folder& folder) {
                       ExfatVolume volume(folder);
                       spoil(volume);
                       return volume.image();
                     }});
  }
  return media;
}

}  // namespace tests::hostile
