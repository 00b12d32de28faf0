// SPDX-License-Identifier: GPL-2.0-or-later
// NTFS whose first sector, file records and attributes lie, and files in its odd corners.
#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

constexpr std::size_t record_size = 1024;
constexpr std::uint64_t data_type = 0x80;
constexpr std::uint64_t root_type = 0x90;
constexpr std::uint64_t allocation_type = 0xa0;
constexpr std::uint64_t end_type = 0xffffffff;

class Ntfs : public Image {
 public:
  explicit Ntfs(const Folder& folder) : Image(usual_image(Form::ntfs, folder)) {}
  // The record of the planted file: the one whose name attribute says so.
  std::size_t record() const {
    for (std::size_t at = 0; at + record_size <= bytes().size(); at += record_size) {
      if (bytes().compare(at, 4, "FILE") != 0) continue;
      if (bytes().substr(at, record_size).find(utf16(planted_name)) != std::string::npos) return at;
    }
    std::abort();
  }
  // The `number`th record of the table, by the first sector.
  std::size_t numbered(std::size_t number_of) const {
    return number(48, 8) * number(13, 1) * number(11, 2) + number_of * record_size;
  }
  std::size_t attribute(std::size_t record, std::uint64_t type) const {
    std::size_t at = record + number(record + 20, 2);
    while (number(at, 4) != type) {
      if (number(at, 4) == end_type) std::abort();
      at += number(at + 4, 4);
    }
    return at;
  }
  std::size_t data() const { return attribute(record(), data_type); }
  std::size_t runs(std::size_t at) const { return at + number(at + 32, 2); }
};

using Spoil = void (*)(Ntfs& ntfs);
struct Case {
  const char* name;
  Spoil spoil;
  Expected expected = Expected::not_missed;
};

constexpr Case cases[] = {
    {"honest", [](Ntfs&) {}, Expected::infected},
    {"runs_out_of_range",
     [](Ntfs& n) { n.put(n.runs(n.data()), std::string("\x31\x01\xf0\xff\x7f\0", 6)); }},
    {"runs_before_the_start",
     [](Ntfs& n) { n.put(n.runs(n.data()), std::string("\x11\x01\x80\0", 4)); }},
    {"runs_end_at_once", [](Ntfs& n) { n.put(n.runs(n.data()), std::string(1, '\0')); }},
    {"runs_of_no_length", [](Ntfs& n) { n.put(n.runs(n.data()), std::string("\x11\0\x10\0", 4)); }},
    {"runs_of_exbibytes",
     [](Ntfs& n) { n.put(n.runs(n.data()), "\x18\xff\xff\xff\xff\xff\xff\xff"); }},
    {"runs_of_16_byte_numbers", [](Ntfs& n) { n.put(n.runs(n.data()), "\xff"); }},
    {"runs_beyond_the_attribute", [](Ntfs& n) { n.put(n.data() + 32, le16(0xfff0)); }},
    {"size_of_exbibytes", [](Ntfs& n) { n.put(n.data() + 48, le64(~0ULL >> 1U)); }},
    {"size_is_negative", [](Ntfs& n) { n.put(n.data() + 48, le64(~0ULL)); }},
    {"size_too_large", [](Ntfs& n) { n.put(n.data() + 48, le64(40'000'000)); }},
    {"starts_at_another_cluster", [](Ntfs& n) { n.put(n.data() + 16, le64(100)); }},
    {"last_cluster_is_huge", [](Ntfs& n) { n.put(n.data() + 24, le64(~0ULL >> 1U)); }},
    {"compressed_flag", [](Ntfs& n) { n.put(n.data() + 12, le16(1)); }},
    {"compression_of_2_to_the_255",
     [](Ntfs& n) { n.put(n.data() + 12, le16(1)).put(n.data() + 34, le16(0xff)); }},
    {"encrypted_flag", [](Ntfs& n) { n.put(n.data() + 12, le16(0x4000)); }, Expected::incomplete},
    {"sparse_flag", [](Ntfs& n) { n.put(n.data() + 12, le16(0x8000)); }},
    {"attribute_of_length_0", [](Ntfs& n) { n.put(n.data() + 4, le32(0)); }},
    {"attribute_of_all_ones", [](Ntfs& n) { n.put(n.data() + 4, le32(0xffffffff)); }},
    {"attribute_with_a_long_name", [](Ntfs& n) { n.put(n.data() + 9, "\xff"); }},
    {"attributes_begin_beyond", [](Ntfs& n) { n.put(n.record() + 20, le16(0xfff8)); }},
    {"no_data_attribute", [](Ntfs& n) { n.put(n.data(), le32(end_type)); }},
    {"record_belongs_to_itself",
     [](Ntfs& n) { n.put(n.record() + 32, le64((n.record() - n.numbered(0)) / record_size)); }},
    {"record_belongs_to_the_table", [](Ntfs& n) { n.put(n.record() + 32, le64(0)); }},
    {"record_is_not_in_use", [](Ntfs& n) { n.put(n.record() + 22, le16(0)); }},
    {"record_is_a_folder", [](Ntfs& n) { n.put(n.record() + 22, le16(3)); }},
    {"record_is_bad", [](Ntfs& n) { n.put(n.record(), "BAAD"); }},
    {"record_without_fixups", [](Ntfs& n) { n.put(n.record() + 6, le16(0)); }},
    {"fixups_beyond_the_record", [](Ntfs& n) { n.put(n.record() + 4, le16(0xfff0)); }},
    {"fixups_do_not_match", [](Ntfs& n) { n.put(n.record() + 510, "\xde\xad"); }},
    {"table_runs_in_circles",
     [](Ntfs& n) {
       n.put(n.runs(n.attribute(n.numbered(0), data_type)), "\x11\x04\x04\x11\x04\xfc\x11\x04\x04");
     }},
    {"table_is_short",
     [](Ntfs& n) { n.put(n.attribute(n.numbered(0), data_type) + 48, le64(4096)); }},
    {"table_of_exbibytes",
     [](Ntfs& n) { n.put(n.attribute(n.numbered(0), data_type) + 48, le64(~0ULL >> 1U)); }},
    {"root_folder_without_index",
     [](Ntfs& n) { n.put(n.attribute(n.numbered(5), root_type), le32(0x70)); }},
    {"root_index_is_empty",
     [](Ntfs& n) { n.put(n.attribute(n.numbered(5), allocation_type), le32(0x70)); }},
    {"root_index_of_length_0",
     [](Ntfs& n) {
       const auto at = n.find("INDX");
       n.put(at + 28, le32(0));
     }},
    {"root_index_beyond",
     [](Ntfs& n) {
       const auto at = n.find("INDX");
       n.put(at + 24, le32(0xfffffff0));
     }},
    {"table_at_0", [](Ntfs& n) { n.put(48, le64(0)); }, Expected::incomplete},
    {"table_out_of_range", [](Ntfs& n) { n.put(48, le64(~0ULL >> 1U)); }, Expected::incomplete},
    {"sector_size_0", [](Ntfs& n) { n.put(11, le16(0)); }, Expected::incomplete},
    {"cluster_size_0", [](Ntfs& n) { n.put(13, std::string(1, '\0')); }, Expected::incomplete},
    {"cluster_size_odd", [](Ntfs& n) { n.put(13, "\x03"); }, Expected::incomplete},
    {"records_of_2_to_the_128", [](Ntfs& n) { n.put(64, "\x80"); }, Expected::incomplete},
    {"records_of_no_bytes", [](Ntfs& n) { n.put(64, std::string(1, '\0')); }, Expected::incomplete},
    {"index_records_of_2_to_the_128", [](Ntfs& n) { n.put(68, "\x80"); }},
    {"sectors_of_all_ones", [](Ntfs& n) { n.put(40, le64(~0ULL >> 1U)); }},
    {"mirror_is_something_else", [](Ntfs& n) { n.put(56, le64(0)); }},
};

// Of ntfscp: in a stream of a file, of the root folder, and beside an empty file.
Medium in_stream(const char* name, const std::string& owner) {
  return {.name = std::string("ntfs_stream_") + name,
          .expected = Expected::infected,
          .make = [owner](const Folder& folder) {
            const std::string image =
                image_of(Form::ntfs, folder, {{"readme.txt", "Nothing.\n"}, {"empty", ""}});
            const std::string file = (folder.path() / "planted").string();
            write_file(file, planted());
            shell("ntfscp -f -q -N evil " + image + " " + file + " " + owner);
            return image;
          }};
}

}  // namespace

Media ntfs_media() {
  Media media;
  for (const Case& what : cases) {
    media.push_back({.name = std::string("ntfs_") + what.name,
                     .expected = what.expected,
                     .make = [spoil = what.spoil](const Folder& folder) {
                       Ntfs ntfs(folder);
                       spoil(ntfs);
                       return ntfs.path();
                     }});
  }
  media.push_back(in_stream("of_a_file", "readme.txt"));
  media.push_back(in_stream("of_an_empty_file", "empty"));
  return media;
}

}  // namespace tests::hostile
