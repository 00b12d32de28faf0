// SPDX-License-Identifier: GPL-2.0-or-later
// APFS whose structures lie under sound checksums, and files in its odd corners.
#include <random>

#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/apfs_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

constexpr std::uint64_t object_map = 20004;
constexpr std::size_t keys_of_map = 56 + 448;

// The usual files, to which a case adds, and which it spoils once it is written.
class Apfs {
 public:
  explicit Apfs(const Folder& folder) : volume(folder) {}
  void usual() {
    for (const auto& [path, content] : usual_files()) volume.file(path, content);
  }
  void write() { image = volume.finish(); }
  std::string block(std::uint64_t number) const { return apfs_image::read_block(image, number); }
  Apfs& put(std::uint64_t number, std::size_t at, const std::string& with) {
    ApfsVolume::reseal(image, number, at, with);
    return *this;
  }
  // Of the catalogue's one node.
  std::size_t find(const std::string& what) const {
    return find_in(block(ApfsVolume::catalog_at), what);
  }
  Apfs& catalog(std::size_t at, const std::string& with) {
    return put(ApfsVolume::catalog_at, at, with);
  }
  // A record of the planted file's stream: its size, what it holds of the medium.
  std::size_t planted_size() const { return find(le64(planted().size()) + le64(4096)); }
  // Length and block of its extent; "readme.txt" lies before it.
  std::size_t planted_extent() const {
    return find(le64(4096) + le64(ApfsVolume::first_block + 1));
  }
  Apfs& container(std::size_t at, const std::string& with) {
    return put(ApfsVolume::container_at, at, with).put(ApfsVolume::checkpoint_at, at, with);
  }

  ApfsVolume volume;
  std::string image;
};

using Spoil = void (*)(Apfs& apfs);
struct Case {
  const char* name;
  Spoil spoil;
  Expected expected = Expected::not_missed;
};

// In corners where nothing is spoilt.
constexpr Case corners[] = {
    {"in_an_attribute",
     [](Apfs& a) {
       a.volume.file("readme.txt", "nothing\n");
       a.volume.attribute("readme.txt", "com.apple.quarantine", samples::eicar());
     },
     Expected::infected},
    {"compressed",
     [](Apfs& a) {
       a.volume.compressed_file("eicar.com", samples::eicar() + std::string(900, 'A'));
     },
     Expected::infected},
    {"behind_a_link",
     [](Apfs& a) {
       a.volume.file("a/b/c/d/eicar.com", planted());
       a.volume.hard_link("harmless.txt", "a/b/c/d/eicar.com");
     },
     Expected::infected},
    {"behind_many",
     [](Apfs& a) {
       for (int i = 0; i < 600; ++i) a.volume.file("many/" + std::to_string(i), "");
       a.volume.file("zzz", planted());
     },
     Expected::infected},
    {"a_folder_in_itself",
     [](Apfs& a) {
       a.volume.file("sub/deeper/note", "nothing\n");
       a.volume.hard_link("sub/deeper/again", "sub");
     },
     Expected::incomplete},
};

constexpr Case cases[] = {
    {"honest", [](Apfs&) {}, Expected::infected},
    {"in_two_volumes", [](Apfs& a) { a.volume.second_volume(); }, Expected::infected},
    {"newer_checkpoint", [](Apfs& a) { a.put(ApfsVolume::checkpoint_at, 0x10, le64(9)); }},
    {"first_block_spoilt", [](Apfs& a) { poke(a.image, 0x48, "spoilt"); }},
    {"no_checkpoint_left",
     [](Apfs& a) { poke(a.image, ApfsVolume::checkpoint_at * 4096, std::string(4096, '\0')); }},
    {"block_size_of_0", [](Apfs& a) { a.container(0x24, le32(0)); }},
    {"block_size_of_2_gib", [](Apfs& a) { a.container(0x24, le32(0x80000000)); }},
    {"block_size_of_8192", [](Apfs& a) { a.container(0x24, le32(8192)); }},
    {"blocks_without_number", [](Apfs& a) { a.container(0x28, le64(~0ULL)); }},
    {"object_map_is_the_container", [](Apfs& a) { a.container(0xa0, le64(0)); }},
    {"object_map_is_beyond", [](Apfs& a) { a.container(0xa0, le64(~0ULL >> 12U)); }},
    {"volume_that_is_not_there", [](Apfs& a) { a.container(0xb8 + 8, le64(4711)); }},
    {"no_volume", [](Apfs& a) { a.container(0xb8, le64(4711)); }},
    {"snapshots", [](Apfs& a) { a.put(ApfsVolume::volume_at, 0xd8, le64(1)); }},
    {"reverts_to_a_snapshot", [](Apfs& a) { a.put(ApfsVolume::volume_at, 0xa0, le64(1)); }},
    {"said_to_be_encrypted", [](Apfs& a) { a.put(ApfsVolume::volume_at, 0x108, le64(0)); },
     Expected::not_missed},
    {"map_of_the_volume_is_itself", [](Apfs& a) { a.put(20003, 0x30, le64(20003)); }},
    {"map_with_a_level", [](Apfs& a) { a.put(object_map, 0x20, le16(1) + le16(1)); }},
    {"map_of_a_million_levels", [](Apfs& a) { a.put(object_map, 0x20, le16(1) + le16(0xffff)); }},
    {"map_of_4_billion_keys", [](Apfs& a) { a.put(object_map, 0x24, le32(0xffffffff)); }},
    {"map_of_another_object", [](Apfs& a) { a.put(object_map, keys_of_map, le64(5)); }},
    {"catalog_of_4_billion_keys", [](Apfs& a) { a.catalog(0x24, le32(0xffffffff)); }},
    {"catalog_with_a_level", [](Apfs& a) { a.catalog(0x20, le16(1) + le16(1)); }},
    {"catalog_without_its_table", [](Apfs& a) { a.catalog(0x28, le16(0xfff0) + le16(0xfff0)); }},
    {"catalog_of_fixed_keys", [](Apfs& a) { a.catalog(0x20, le16(7)); }},
    {"keys_beyond_the_node", [](Apfs& a) { a.catalog(56, le16(0xffff) + le16(0xffff)); }},
    {"values_beyond_the_node", [](Apfs& a) { a.catalog(60, le16(0xffff) + le16(0xffff)); }},
    {"values_of_no_length", [](Apfs& a) { a.catalog(62, le16(0)); }},
    {"extent_beyond", [](Apfs& a) { a.catalog(a.planted_extent() + 8, le64(~0ULL >> 13U)); }},
    {"extent_of_exbibytes", [](Apfs& a) { a.catalog(a.planted_extent(), le64(~0ULL >> 8U)); }},
    {"extent_of_no_length", [](Apfs& a) { a.catalog(a.planted_extent(), le64(0)); }},
    {"size_of_exbibytes", [](Apfs& a) { a.catalog(a.planted_size(), le64(~0ULL >> 1U)); }},
    {"size_is_negative", [](Apfs& a) { a.catalog(a.planted_size(), le64(~0ULL)); }},
    {"size_too_large", [](Apfs& a) { a.catalog(a.planted_size(), le64(40'000'000)); }},
};

enum class When : std::uint8_t { before, after };  // it is written

std::string with(const Case& what, const Folder& folder, When when) {
  Apfs apfs(folder);
  if (when == When::before) {
    what.spoil(apfs);
    apfs.write();
  } else {
    apfs.usual();
    apfs.write();
    what.spoil(apfs);
  }
  return apfs.image;
}

// Bytes of its structures changed: their checksums tell.
std::string changed(const Folder& folder, unsigned seed) {
  Apfs apfs(folder);
  apfs.usual();
  apfs.write();
  const auto& blocks = apfs.volume.structures();
  std::mt19937 random(seed);
  for (auto count = 1 + random() % 6; count > 0; --count) {
    const std::uint64_t block = blocks.at(random() % blocks.size());
    poke(apfs.image, block * apfs_image::block_size + random() % apfs_image::block_size,
         std::string(1, static_cast<char>(random())));
  }
  return apfs.image;
}

}  // namespace

Media apfs_media() {
  Media media;
  for (const Case& what : corners) {
    media.push_back({.name = std::string("apfs_") + what.name,
                     .expected = what.expected,
                     .make = [&what](const Folder& f) { return with(what, f, When::before); }});
  }
  for (const Case& what : cases) {
    media.push_back({.name = std::string("apfs_") + what.name,
                     .expected = what.expected,
                     .make = [&what](const Folder& f) { return with(what, f, When::after); }});
  }
  for (unsigned seed = 1; seed <= fuzzed_each(); ++seed) {
    media.push_back({.name = "fuzzed_apfs_" + std::to_string(seed),
                     .expected = Expected::not_missed,
                     .make = [seed](const Folder& f) { return changed(f, seed); }});
  }
  return media;
}

}  // namespace tests::hostile
