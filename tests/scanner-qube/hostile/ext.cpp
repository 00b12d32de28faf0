// SPDX-License-Identifier: GPL-2.0-or-later
// ext2, ext3 and ext4 whose inodes, folders and superblocks lie.
#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

struct Case {
  const char* name;
  Form form;
  const char* commands;  // of debugfs, which keeps checksums right
  Expected expected = Expected::not_missed;
};

constexpr Case cases[] = {
    {"honest", Form::ext2, "", Expected::infected},
    {"folder_in_itself", Form::ext2, "ln sub sub/loop"},
    {"root_in_a_folder", Form::ext4, "ln / sub/root"},
    {"folder_with_a_hole", Form::ext2, "sif sub block[0] 0"},
    {"folder_is_a_file", Form::ext2, "sif sub mode 0100644"},
    {"folder_of_no_bytes", Form::ext2, "sif sub size 0"},
    {"folder_of_10_million_names", Form::ext4, "sif sub size 400000000"},
    {"folder_of_an_exbibyte", Form::ext2,
     "sif sub size_lo 0xfffffc00\\nsif sub size_high 0x7fffffff"},
    {"folder_blocks_of_a_file", Form::ext2, "sif sub block[0] 300"},
    {"file_block_out_of_range", Form::ext2, "sif sub/eicar.com block[0] 0x7ffffff0"},
    {"file_blocks_of_another", Form::ext2,
     "sif sub/notes.txt block[0] 400\\nsif sub/eicar.com block[1] 400"},
    {"size_of_an_exbibyte", Form::ext4, "sif sub/eicar.com size 0x0fffffffffffffff"},
    {"size_too_large", Form::ext2, "sif sub/eicar.com size 40000000"},
    {"indirect_block_is_itself", Form::ext2,
     "sif sub/eicar.com size 100000000\\nsif sub/eicar.com block[IND] 60"},
    {"no_links_left", Form::ext2, "sif sub/eicar.com links_count 0"},
    {"deletion_time", Form::ext2, "sif sub/eicar.com dtime 1735689600"},
    {"inode_is_free", Form::ext2, "freei sub/eicar.com"},
    {"inode_of_folder_is_free", Form::ext2, "freei sub"},
    {"blocks_are_free", Form::ext4, "freeb 1 4000", Expected::infected},
    {"inode_cleared", Form::ext2, "clri sub"},
    {"reserved_inode", Form::ext2, "ln sub/eicar.com <7>\\nsif sub/eicar.com flags 0x800"},
    {"encrypted_flag", Form::ext4, "feature encrypt", Expected::not_missed},
    {"name_of_a_folder", Form::ext2, "ln sub/eicar.com sub/.."},
    {"journal_to_replay", Form::ext4,
     "unlink sub/eicar.com\\nkill_file sub/eicar.com\\nfeature needs_recovery",
     Expected::incomplete},
    {"inline_content", Form::ext4, "feature inline_data", Expected::infected},
    {"symlink_to_itself", Form::ext4, "symlink loop loop", Expected::infected},
    {"device_numbers", Form::ext4, "mknod disk b 8 0", Expected::infected},
    {"extended_attributes", Form::ext4, "ea_set sub/eicar.com user.evil nothing",
     Expected::infected},
};

struct Field {
  const char* name;
  std::size_t at;  // in the superblock
  std::string value;
};

// The superblock (kernel documentation, "Layout of the super block").
std::vector<Field> superblock_fields() {
  return {{"inodes_0", 0, le32(0)},
          {"inodes_of_all_ones", 0, le32(0xffffffff)},
          {"blocks_0", 4, le32(0)},
          {"blocks_of_all_ones", 4, le32(0xffffffff)},
          {"first_block_far", 20, le32(0xfffffff0)},
          {"block_size_of_2_to_the_255", 24, le32(255)},
          {"block_size_65536", 24, le32(6)},
          {"blocks_per_group_0", 32, le32(0)},
          {"blocks_per_group_1", 32, le32(1)},
          {"inodes_per_group_0", 40, le32(0)},
          {"inodes_per_group_of_all_ones", 40, le32(0xffffffff)},
          {"revision_0", 76, le32(0)},
          {"inode_size_0", 88, le16(0)},
          {"inode_size_65535", 88, le16(0xffff)},
          {"feature_of_tomorrow", 96, le32(0x40000000)},
          {"feature_journal_device", 96, le32(0x0a)},
          {"feature_compression", 96, le32(0x03)},
          {"feature_64bit", 96, le32(0xc2)},
          {"feature_meta_groups", 96, le32(0x12)},
          {"descriptor_size_65535", 254, le16(0xffff)},
          {"volume_of_exbibytes", 336, le32(0xffffffff)}};
}

Medium in_superblock(Form form, const Field& field) {
  return {.name = name_of(form) + "_" + field.name, .make = [form, field](const Folder& folder) {
            return Image(usual_image(form, folder)).put(1024 + field.at, field.value).path();
          }};
}

// The extent of the planted file in ext4's inode: twelve bytes behind a header of twelve.
std::size_t extent_of_planted(const Image& image) {
  const std::uint64_t block = 1024ULL << image.number(1024 + 24, 4);
  const std::uint64_t first = image.find(planted()) / block;
  const std::uint64_t count = (planted().size() + block - 1) / block;
  return image.find(le32(0) + le16(count) + le16(0) + le32(first));
}

struct Extent {
  const char* name;
  std::size_t back;  // from the extent to what is changed
  std::string value;
};

Media extent_media() {
  const std::vector<Extent> extents{{"extent_depth_65535", 6, le16(0xffff)},
                                    {"extent_depth_1", 6, le16(1)},
                                    {"extent_count_65535", 10, le16(0xffff)},
                                    {"extent_magic", 12, le16(0x1234)}};
  Media media;
  for (const Extent& extent : extents) {
    media.push_back(
        {.name = std::string("ext4_") + extent.name, .make = [extent](const Folder& folder) {
           Image image(usual_image(Form::ext4, folder));
           const std::size_t at = extent_of_planted(image);
           return image.put(at - extent.back, extent.value).path();
         }});
  }
  media.push_back({.name = "ext4_extent_out_of_range", .make = [](const Folder& folder) {
                     Image image(usual_image(Form::ext4, folder));
                     return image.put(extent_of_planted(image) + 6, le16(0xffff)).path();
                   }});
  return media;
}

// A record of the folder `sub`: inode, length, length of name, type, name.
Medium in_record(const char* name, std::size_t back, const std::string& value) {
  return {.name = std::string("ext2_") + name, .make = [back, value](const Folder& folder) {
            Image image(usual_image(Form::ext2, folder));
            return image.put(image.find(planted_name) - back, value).path();
          }};
}

}  // namespace

Media ext_media() {
  Media media;
  for (const Case& what : cases) {
    media.push_back({.name = name_of(what.form) + "_" + what.name,
                     .expected = what.expected,
                     .make = [what](const Folder& folder) {
                       const std::string image = usual_image(what.form, folder);
                       shell("printf '" + std::string(what.commands) + "\\n' | debugfs -w -f - " +
                             image);
                       return image;
                     }});
  }
  std::size_t turn = 0;
  for (const Field& field : superblock_fields()) {
    media.push_back(in_superblock(turn++ % 2 == 0 ? Form::ext2 : Form::ext3, field));
  }
  for (Medium& medium : extent_media()) media.push_back(std::move(medium));
  media.push_back(in_record("record_of_an_inode_beyond", 8, le32(0x7fffffff)));
  media.push_back(in_record("record_of_length_0", 4, le16(0)));
  media.push_back(in_record("record_of_length_65535", 4, le16(0xffff)));
  media.push_back(in_record("record_of_odd_length", 4, le16(13)));
  media.push_back(in_record("record_with_a_name_of_255", 2, "\xff"));
  media.push_back(in_record("record_with_no_name", 2, std::string(1, '\0')));
  // libtsk reads all that a folder or a file claims to be.
  for (Medium& medium : media) {
    const bool endless = medium.name == "ext2_folder_of_an_exbibyte" ||
                         medium.name == "ext2_indirect_block_is_itself";
    if (endless) medium.time = std::chrono::seconds(2);
  }
  return media;
}

}  // namespace tests::hostile
