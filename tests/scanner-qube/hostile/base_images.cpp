// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/hostile/base_images.hpp"

#include <filesystem>

#include "tests/scanner-qube/hostile/hfs_volume.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/apfs_volume.hpp"
#include "tests/scanner-qube/volume/exfat_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string fat(const Folder& folder, int bits, const std::string& tree) {
  const std::string image = blank(folder, "medium.img", bits == 12 ? 2 : bits == 16 ? 8 : 34);
  shell("mkfs.vfat --invariant -i 12345678 -F " + std::to_string(bits) + " -s 1 " + image +
        " && mcopy -s -i " + image + " " + tree + "/* ::/");
  return image;
}

std::string exfat(const Folder& folder, const Files& files) {
  ExfatVolume volume(folder);
  std::uint32_t next = 100;
  for (const auto& [path, content] : files) {
    volume.put(volume.offset(next), content);
    volume.add(base_name(path), next, content.size());
    next += static_cast<std::uint32_t>(content.size() / volume.cluster() + 1);
  }
  return volume.image();
}

// 4 MiB and twice what goes in.
unsigned room_for(const Files& files) {
  std::size_t all = 0;
  for (const auto& [path, content] : files) all += content.size();
  return 4 + static_cast<unsigned>(all >> 19U);
}

std::string ntfs(const Folder& folder, const Files& files, const std::string& tree) {
  const std::string image = blank(folder, "medium.img", room_for(files));
  std::string all = "mkntfs -F -Q -q " + image;
  for (const auto& [path, content] : files) {
    all += " && ntfscp -f -q " + image + " " + tree + "/" + path + " " + base_name(path);
  }
  shell(all);
  return image;
}

std::string ext(const Folder& folder, Form form, const Files& files, const std::string& tree) {
  const std::string image = blank(folder, "medium.img", room_for(files));
  shell("E2FSPROGS_FAKE_TIME=1735689600 mkfs." + name_of(form) +
        " -q -F -U 3e6be9de-8139-11d1-9106-a43f08d823a6"
        " -E hash_seed=3e6be9de-8139-11d1-9106-a43f08d823a6 -d " +
        tree + " " + image);
  return image;
}

std::string iso(const Folder& folder, const std::string& options, const std::string& tree) {
  const std::string image = (folder.path() / "medium.img").string();
  shell("genisoimage -quiet " + options + " -o " + image + " " + tree);
  return image;
}

std::string hfs(const Folder& folder, const Files& files) {
  Files flat;
  for (const auto& [path, content] : files) flat.emplace(base_name(path), content);
  const std::string image = (folder.path() / "medium.img").string();
  write_file(image, hfs_plus_volume(flat));
  return image;
}

std::string apfs(const Folder& folder, const Files& files) {
  ApfsVolume volume(folder);
  for (const auto& [path, content] : files) volume.file(path, content);
  return volume.finish();
}

}  // namespace

std::string name_of(Form form) {
  constexpr std::array names{"fat12", "fat16", "fat32",  "exfat",     "ntfs",    "ext2", "ext3",
                             "ext4",  "iso",   "joliet", "rockridge", "hfsplus", "apfs"};
  static_assert(names.size() == all_forms.size());
  return names.at(static_cast<std::size_t>(form));
}

std::string planted() { return samples::eicar() + std::string(3000, 'A'); }

Files usual_files() {
  return {{"sub/eicar.com", planted()},
          {"readme.txt", "There is nothing in here.\n"},
          {"sub/notes.txt", std::string(9000, 'n')},
          {"zeros.dat", std::string(5000, '\0')}};
}

std::string tree_of(const Folder& folder, const Files& files) {
  namespace fs = std::filesystem;
  const fs::path tree = folder.path() / "tree";
  fs::remove_all(tree);
  fs::create_directories(tree);
  for (const auto& [path, content] : files) {
    fs::create_directories((tree / path).parent_path());
    write_file((tree / path).string(), content);
  }
  return tree.string();
}

std::string image_of(Form form, const Folder& folder, const Files& files) {
  switch (form) {
    case Form::exfat:
      return exfat(folder, files);
    case Form::hfs_plus:
      return hfs(folder, files);
    case Form::apfs:
      return apfs(folder, files);
    case Form::fat12:
    case Form::fat16:
    case Form::fat32:
    case Form::ntfs:
    case Form::ext2:
    case Form::ext3:
    case Form::ext4:
    case Form::iso:
    case Form::joliet:
    case Form::rock_ridge:
      break;
  }
  const std::string tree = tree_of(folder, files);
  switch (form) {
    case Form::fat12:
      return fat(folder, 12, tree);
    case Form::fat16:
      return fat(folder, 16, tree);
    case Form::fat32:
      return fat(folder, 32, tree);
    case Form::ntfs:
      return ntfs(folder, files, tree);
    case Form::ext2:
    case Form::ext3:
    case Form::ext4:
      return ext(folder, form, files, tree);
    case Form::iso:
      return iso(folder, "", tree);
    case Form::joliet:
      return iso(folder, "-J", tree);
    case Form::rock_ridge:
      return iso(folder, "-R", tree);
    case Form::exfat:
    case Form::hfs_plus:
    case Form::apfs:
      break;
  }
  return {};
}

std::string usual_image(Form form, const Folder& folder) {
  return image_of(form, folder, usual_files());
}

}  // namespace tests::hostile
