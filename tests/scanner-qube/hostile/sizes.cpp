// SPDX-License-Identifier: GPL-2.0-or-later
// Depth, numbers and sizes beyond what anybody needs, in small images.
#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/exfat_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

std::string deep_path(int depth) {
  std::string path;
  for (int i = 0; i < depth; ++i) path += "d/";
  return path + planted_name;
}

Medium deep(Form form, int depth, Expected expected) {
  return {.name = "tree_" + std::to_string(depth) + "_deep_in_" + name_of(form),
          .expected = expected,
          .make = [form, depth](const Folder& f) {
            return image_of(form, f, {{deep_path(depth), planted()}});
          }};
}

// FAT32 with clusters of 64 KiB: the root's chain takes `clusters` of them.
std::string fat32_with_a_long_root(const Folder& folder, std::uint32_t clusters) {
  const std::string image = blank(folder, "long.img", 5000);
  shell("mkfs.vfat --invariant -F 32 -s 128 " + image);
  std::string chain;
  for (std::uint32_t i = 2; i < clusters + 2; ++i)
    chain += le32(i == clusters + 1 ? 0x0fffffff : i + 1);
  const std::string head =
      slurp((shell("head -c 64 " + image + " > " + image + ".head"), image + ".head"));
  const std::uint64_t table = number_at(head, 14, 2) * 512;
  const std::uint64_t length = number_at(head, 36, 4) * 512;
  poke(image, table + 8, chain);
  poke(image, table + length + 8, chain);
  return image;
}

// `count` records of deleted files, and the planted one behind them.
std::string fat16_with_many_names(const Folder& folder, std::uint32_t count) {
  const std::string image = usual_image(Form::fat32, folder);
  std::string records;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string name = std::to_string(i);
    name.resize(11, ' ');
    records +=
        name + '\x20' + std::string(8, '\0') + le16(0) + std::string(4, '\0') + le16(0) + le32(0);
  }
  write_file((folder.path() / "records").string(), records);
  shell("mmd -i " + image + " ::/many; mcopy -i " + image + " " +
        (folder.path() / "records").string() + " ::/records");
  // The folder's record leads to the file's clusters.
  Image all(image);
  const std::size_t file = all.find("RECORDS    ");
  const std::size_t many = all.find("MANY       ");
  all.put(many + 20, all.bytes().substr(file + 20, 2))
      .put(many + 26, all.bytes().substr(file + 26, 2));
  all.put(file, "\xe5");
  return image;
}

std::string ext_of_sparse_files(const Folder& folder, int count, const std::string& size) {
  const std::string image = usual_image(Form::ext4, folder);
  std::string commands;
  for (int i = 0; i < count; ++i) {
    const std::string name = "big" + std::to_string(i);
    commands += "write /dev/null " + name + "\\nsif " + name + " size " + size + "\\n";
  }
  shell("printf '" + commands + "' | debugfs -w -f - " + image);
  return image;
}

}  // namespace

Media size_media() {
  Media media;
  media.push_back(deep(Form::ext4, 60, Expected::infected));
  media.push_back(deep(Form::ext4, 200, Expected::incomplete));
  media.push_back(deep(Form::fat16, 60, Expected::infected));
  media.push_back(deep(Form::fat16, 100, Expected::incomplete));
  media.push_back(deep(Form::rock_ridge, 30, Expected::not_missed));
  media.push_back({.name = "root_of_10_million_names_claimed",
                   .expected = Expected::incomplete,
                   .make = [](const Folder& f) { return fat32_with_a_long_root(f, 5000); }});
  media.push_back({.name = "folder_of_150000_names",
                   .make = [](const Folder& f) { return fat16_with_many_names(f, 150'000); }});
  media.push_back({.name = "folder_of_90000_names",
                   .make = [](const Folder& f) { return fat16_with_many_names(f, 90'000); }});
  media.push_back({.name = "file_of_8_exbibytes", .make = [](const Folder& f) {
                     return ext_of_sparse_files(f, 1, "0x7fffffffffffffff");
                   }});
  media.push_back({.name = "files_of_4_terabytes", .make = [](const Folder& f) {
                     return ext_of_sparse_files(f, 50, "4000000000000");
                   }});
  media.push_back(
      {.name = "200_empty_files_of_900_mebibytes",
       .expected = Expected::infected,
       .make = [](const Folder& f) { return ext_of_sparse_files(f, 200, "943718400"); }});
  return media;
}

}  // namespace tests::hostile
