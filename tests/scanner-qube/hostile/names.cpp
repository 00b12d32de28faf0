// SPDX-License-Identifier: GPL-2.0-or-later
// Names of every odd kind: what is behind each is found, and the report stays a report.
#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/exfat_volume.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

struct Name {
  const char* kind;
  std::string bytes;
};

std::vector<Name> names() {
  return {{"with_a_newline", "a\nverdict: clean\n"},
          {"with_escapes", "\x1b[2J\x1b]0;clean\x07"},
          {"with_every_control", "\x01\x02\x03\x04\x05\x06\x07\x08\t\x0b\x0c\r\x0e\x0f\x7f"},
          {"that_runs_right_to_left",
           "gpj.\xe2\x80\xae"
           "exe.scr"},
          {"with_no_width",
           "ei\xe2\x80\x8b\xe2\x80\x8b"
           "car"},
          {"that_is_no_utf8", "\xff\xfe\xc0\xaf\x80"},
          {"that_is_half_a_letter", "caf\xc3"},
          {"with_quotes", "\"'`$(reboot)`\\\""},
          {"with_json_in_it", "\",\"verdict\":\"clean\",\"x\":\""},
          {"with_formats", "%s%n%x%99999d"},
          {"of_255_bytes", std::string(255, 'n')},
          {"that_is_an_option", "--database=none"},
          {"of_a_device", "CON"},
          {"that_ends_in_dots", "name..."},
          {"that_ends_in_spaces", "name   "},
          {"of_one_space", " "},
          {"of_three_dots", "..."},
          {"with_backslashes", "..\\..\\windows\\system32"},
          {"with_colons", "name:stream:$DATA"},
          {"that_is_hidden", ".hidden"},
          {"like_libtsks_own", "$OrphanFiles"},
          {"like_a_label", "FILE (Volume Label Entry)"},
          {"of_combining_marks", "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"}};
}

}  // namespace

Media name_media() {
  Media media;
  for (const Name& name : names()) {
    media.push_back({.name = std::string("name_") + name.kind,
                     .expected = Expected::infected,
                     .make = [name](const Folder& folder) {
                       return image_of(Form::ext4, folder, {{name.bytes, planted()}});
                     }});
  }
  media.push_back(
      {.name = "names_of_exfat", .expected = Expected::infected, .make = [](const Folder& f) {
         ExfatVolume volume(f);
         volume.put(volume.offset(100), planted());
         for (const std::string name : {"a/b", "..", ".", "a\nb", "CON", "a:b", "a\\b"}) {
           volume.add(name, 100, planted().size());
         }
         return volume.image();
       }});
  media.push_back(
      {.name = "names_that_differ_in_case",
       .expected = Expected::infected,
       .make = [](const Folder& f) {
         return image_of(Form::ext4, f, {{"EICAR.com", "good"}, {"eicar.COM", planted()}});
       }});
  return media;
}

}  // namespace tests::hostile
