// SPDX-License-Identifier: GPL-2.0-or-later
// Discs whose trees, records and descriptors disagree.
#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

constexpr std::size_t sector = 2048;
constexpr std::size_t first_descriptor = 16 * sector;

class Disc : public Image {
 public:
  explicit Disc(std::string path) : Image(std::move(path)) {}
  // The record of a plain name: 33 bytes before it.
  std::size_t record(const std::string& name) const { return find(name) - 33; }
  std::size_t file() const { return record("EICAR.COM;1"); }
  std::size_t sub() const { return record(std::string("\x03SUB")) + 1; }
  void set(std::size_t at, std::uint32_t value) { put(at, le32(value)).put(at + 4, be32(value)); }
};

using Spoil = void (*)(Disc& disc);
struct Case {
  const char* name;
  Spoil spoil;
  Expected expected = Expected::not_missed;
};

constexpr Case cases[] = {
    {"size_too_large", [](Disc& d) { d.set(d.file() + 10, 40'000'000); }},
    {"size_of_all_ones", [](Disc& d) { d.set(d.file() + 10, 0xffffffff); }},
    {"two_sizes", [](Disc& d) { d.put(d.file() + 10, le32(0)); }},
    {"two_places", [](Disc& d) { d.put(d.file() + 2, le32(1)); }},
    {"place_out_of_range", [](Disc& d) { d.set(d.file() + 2, 0xfffffff0); }},
    {"attributes_of_255_blocks", [](Disc& d) { d.put(d.file() + 1, "\xff"); }},
    {"interleaved", [](Disc& d) { d.put(d.file() + 26, "\x01\x01"); }},
    {"continues", [](Disc& d) { d.put(d.file() + 25, "\x80"); }},
    {"file_is_a_folder", [](Disc& d) { d.put(d.file() + 25, "\x02"); }},
    {"file_is_hidden", [](Disc& d) { d.put(d.file() + 25, "\x01"); }, Expected::infected},
    {"file_is_associated", [](Disc& d) { d.put(d.file() + 25, "\x04"); }},
    {"record_of_length_0", [](Disc& d) { d.put(d.file(), std::string(1, '\0')); }},
    {"record_of_length_255", [](Disc& d) { d.put(d.file(), "\xff"); }},
    {"record_with_a_long_name", [](Disc& d) { d.put(d.file() + 32, "\xff"); }},
    {"folder_is_the_root",
     [](Disc& d) {
       d.set(d.sub() + 2, static_cast<std::uint32_t>(d.number(first_descriptor + 158, 4)));
     }},
    {"folder_of_4_gibibytes", [](Disc& d) { d.set(d.sub() + 10, 0xffffffff); }},
    {"folder_of_no_bytes", [](Disc& d) { d.set(d.sub() + 10, 0); }},
    {"folder_out_of_range", [](Disc& d) { d.set(d.sub() + 2, 0xfffffff0); }},
    {"path_table_is_empty",
     [](Disc& d) { d.put(d.number(first_descriptor + 140, 4) * sector, std::string(40, '\0')); }},
    {"path_table_out_of_range", [](Disc& d) { d.put(first_descriptor + 140, le32(0xfffffff0)); }},
    {"path_table_of_4_gibibytes", [](Disc& d) { d.set(first_descriptor + 132, 0xffffffff); }},
    {"path_table_of_no_bytes", [](Disc& d) { d.set(first_descriptor + 132, 0); }},
    {"block_size_0", [](Disc& d) { d.put(first_descriptor + 128, std::string(4, '\0')); }},
    {"block_size_512",
     [](Disc& d) { d.put(first_descriptor + 128, std::string("\0\x02\x02\0", 4)); }},
    {"root_out_of_range", [](Disc& d) { d.set(first_descriptor + 158, 0xfffffff0); }},
    {"root_of_no_bytes", [](Disc& d) { d.set(first_descriptor + 166, 0); }},
    {"descriptors_without_end",
     [](Disc& d) { d.put(first_descriptor + sector, std::string(1, '\0')); }},
    {"volume_of_all_ones", [](Disc& d) { d.set(first_descriptor + 80, 0xffffffff); }},
    {"udf_beside_it", [](Disc& d) { d.put(34817, "NSR02"); }},
    {"ext_before_it", [](Disc& d) { d.put(1080, "\x53\xef"); }},
    {"fat_before_it",
     [](Disc& d) { d.put(11, std::string("\0\x02\x01\x01\0\x02\x10\0\x60\0\xf8\x01\0", 13)); }},
};

Medium by_options(const char* name, const std::string& options, Expected expected) {
  return {
      .name = std::string("iso_") + name, .expected = expected, .make = [options](const Folder& f) {
        const std::string image = (f.path() / "medium.img").string();
        shell("cd " + tree_of(f, usual_files()) + " && genisoimage -quiet " + options + " -o " +
              image + " .");
        return image;
      }};
}

}  // namespace

Media iso_media() {
  Media media;
  for (const Case& what : cases) {
    media.push_back({.name = std::string("iso_") + what.name,
                     .expected = what.expected,
                     .make = [spoil = what.spoil](const Folder& folder) {
                       Disc disc(usual_image(Form::iso, folder));
                       spoil(disc);
                       return disc.path();
                     }});
  }
  media.push_back(
      by_options("only_in_the_plain_tree", "-J -R -hide-joliet eicar.com", Expected::infected));
  media.push_back(by_options("only_in_joliet", "-J -hide eicar.com", Expected::infected));
  media.push_back(
      by_options("folder_only_in_the_plain_tree", "-J -hide-joliet sub", Expected::infected));
  media.push_back(
      by_options("with_a_boot_image", "-J -b sub/eicar.com -no-emul-boot", Expected::infected));
  media.push_back(by_options("level_4", "-iso-level 4", Expected::not_missed));
  // libtsk does not come to an end on some of these.
  for (Medium& medium : media) {
    const bool hangs = medium.name == "iso_level_4" || medium.name == "iso_path_table_of_no_bytes";
    if (hangs) medium.time = std::chrono::seconds(2);
  }
  return media;
}

}  // namespace tests::hostile
