// SPDX-License-Identifier: GPL-2.0-or-later
// Archives that unpack to too much, lie about what is in them, or cannot be opened.
#include "scanner-qube/volume/gpt.hpp"
#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

// What a shell makes in a folder where `eicar.com` and `good.txt` are: `out` is the archive.
struct Case {
  const char* name;
  const char* commands;
  Expected expected = Expected::infected;
};

constexpr Case cases[] = {
    {"zip", "zip -q out eicar.com; mv out.zip out"},
    {"tar", "tar -cf out eicar.com good.txt"},
    {"tar_gz", "tar -czf out good.txt eicar.com"},
    {"tar_bz2", "tar -cjf out good.txt eicar.com"},
    {"tar_xz", "tar -cJf out good.txt eicar.com"},
    {"cpio", "echo eicar.com | cpio -o -H newc > out"},
    {"gz", "gzip -c eicar.com > out"},
    {"bz2", "bzip2 -c eicar.com > out"},
    {"xz", "xz -c eicar.com > out"},
    {"lzma", "xz --format=lzma -c eicar.com > out", Expected::not_missed},
    {"iso_in_a_file", "genisoimage -quiet -o out eicar.com", Expected::not_missed},
    {"disk_in_a_file", "truncate -s 1440K out; mkfs.vfat out; mcopy -i out eicar.com ::/",
     Expected::not_missed},
    {"gz_of_two_members", "gzip -c good.txt > out; gzip -c eicar.com >> out"},
    {"bz2_of_two_streams", "bzip2 -c good.txt > out; bzip2 -c eicar.com >> out",
     Expected::not_missed},
    {"xz_of_two_streams", "xz -c good.txt > out; xz -c eicar.com >> out", Expected::not_missed},
    {"gz_cut_short", "(cat eicar.com; seq 1 9999) | gzip -c | head -c 3000 > out",
     Expected::not_missed},
    {"xz_cut_short", "(cat eicar.com; seq 1 9999) | xz -c | head -c 3000 > out",
     Expected::not_missed},
    {"tar_cut_short", "tar -cf - good.txt eicar.com | head -c 1700 > out", Expected::not_missed},
    {"zip_in_zip_5_deep",
     "cp eicar.com a; for i in 1 2 3 4 5; do zip -q b a; mv b.zip a; done; mv a out"},
    {"gz_in_gz_15_deep",
     "cp eicar.com a; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do gzip -c a > b; mv b a; "
     "done; mv a out"},
    {"zip_in_zip_40_deep",
     "cp eicar.com a; i=0; while [ $i -lt 40 ]; do zip -q b a; mv b.zip a; i=$((i+1)); done; mv a "
     "out",
     Expected::not_missed},
    {"zip_with_password", "zip -q -P secret out eicar.com; mv out.zip out", Expected::incomplete},
    {"zip_behind_a_program",
     "zip -q b eicar.com; (printf MZ; head -c 100000 /dev/zero; cat b.zip) > out"},
    {"zip_before_rubbish", "zip -q b eicar.com; (cat b.zip; head -c 100000 /dev/zero) > out"},
    {"zip_of_5000_files",
     "mkdir m; i=0; while [ $i -lt 5000 ]; do : > m/$i; i=$((i+1)); done; cp eicar.com m/zzz; zip "
     "-q -r out m; mv out.zip out"},
    {"zip_of_names_with_dots",
     "mkdir -p a/b; cd a/b; cp ../../eicar.com ../../x; zip -q ../../out ../../x; cd ../..; mv "
     "out.zip out"},
    // Bombs. Each is followed by what is planted, if there is a place for it.
    {"zip_bomb_100_mebibytes",
     "head -c 100M /dev/zero > zeros; zip -q out zeros eicar.com; mv out.zip out",
     Expected::not_missed},
    {"gz_bomb_2_gibibytes",
     "head -c 64M /dev/zero | gzip > a; for i in 1 2 3 4 5 6 7 8; do cat a a a a; done > out",
     Expected::incomplete},
    {"bz2_bomb_in_streams",
     "head -c 40M /dev/zero | bzip2 > a; i=0; while [ $i -lt 50 ]; do cat a; i=$((i+1)); done > "
     "out",
     Expected::incomplete},
    {"xz_bomb_100_mebibytes", "(head -c 100M /dev/zero; cat eicar.com) | xz -0 > out",
     Expected::not_missed},
    {"zip_bomb_in_zips",
     "head -c 100M /dev/zero > z; zip -q a z; cp a.zip b.zip; i=0; while [ $i -lt 14 ]; do cp "
     "a.zip c$i.zip; i=$((i+1)); done; zip -q -0 out c*.zip eicar.com; mv out.zip out",
     Expected::not_missed},
    {"gz_bomb_in_gz", "head -c 1100M /dev/zero | gzip -1 | gzip > out", Expected::incomplete},
};

// A zip by hand, of one member.
struct Zip {
  std::uint16_t method = 0;
  std::uint16_t local_method = 0;
  std::uint16_t flags = 0;
  std::string stored;  // as it is in the archive
  std::uint32_t local_size = 0;
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
  std::uint32_t offset = 0;
  std::string local_signature = "PK\x03\x04";

  std::string local() const {
    return local_signature + le16(20) + le16(flags) + le16(local_method) + le32(0) +
           le32(checksum) + le32(local_size) + le32(size) + le16(1) + le16(0) + "a" + stored;
  }
  std::string central() const {
    return "PK\x01\x02" + le16(20) + le16(20) + le16(flags) + le16(method) + le32(0) +
           le32(checksum) + le32(stored.size()) + le32(size) + le16(1) + le16(0) + le16(0) +
           le16(0) + le16(0) + le32(0) + le32(offset) + "a";
  }
  static std::string end(std::size_t count, std::size_t size, std::size_t at) {
    return "PK\x05\x06" + le16(0) + le16(0) + le16(count) + le16(count) + le32(size) + le32(at) +
           le16(0);
  }
  std::string all() const {
    const std::string body = local();
    return body + central() + end(1, central().size(), body.size());
  }
};

// The raw deflate stream that gzip makes: behind its header of ten bytes, before its trailer.
std::string deflated(const Folder& folder) {
  const std::string file = (folder.path() / "plain").string();
  write_file(file, planted());
  shell("gzip -n -c " + file + " > " + file + ".gz");
  const std::string packed = slurp(file + ".gz");
  return packed.substr(10, packed.size() - 18);
}

Zip honest_zip(const Folder& folder) {
  Zip zip{.method = 8, .local_method = 8, .stored = deflated(folder)};
  zip.local_size = static_cast<std::uint32_t>(zip.stored.size());
  zip.size = static_cast<std::uint32_t>(planted().size());
  zip.checksum = scannerqube::volume::crc32(base::wire::as_bytes(planted()));
  return zip;
}

using BuildZip = std::string (*)(const Folder& folder);
struct ZipCase {
  const char* name;
  BuildZip build;
  Expected expected = Expected::not_missed;
};

std::string of_method(std::uint16_t method) {
  Zip zip{.method = method, .local_method = method, .stored = std::string(64, '\x5d')};
  zip.local_size = 64;
  zip.size = 3068;
  return zip.all();
}

constexpr ZipCase zip_cases[] = {
    {"honest", [](const Folder& f) { return honest_zip(f).all(); }, Expected::infected},
    {"local_size_is_short",
     [](const Folder& f) {
       Zip z = honest_zip(f);
       z.local_size = 3;
       return z.all();
     }},
    {"local_method_is_stored",
     [](const Folder& f) {
       Zip z = honest_zip(f);
       z.local_method = 0;
       return z.all();
     }},
    {"local_signature_is_none",
     [](const Folder& f) {
       Zip z = honest_zip(f);
       z.local_signature = "PKxx";
       return z.all();
     }},
    {"no_central_directory", [](const Folder& f) { return honest_zip(f).local(); }},
    {"central_directory_without_end",
     [](const Folder& f) {
       const Zip z = honest_zip(f);
       return z.local() + z.central();
     }},
    {"empty_central_directory",
     [](const Folder& f) {
       const Zip z = honest_zip(f);
       return z.local() + Zip::end(0, 0, z.local().size());
     }},
    {"central_offset_lies",
     [](const Folder& f) {
       Zip z = honest_zip(f);
       z.offset = 0x7fffffff;
       return z.all();
     }},
    {"size_is_0",
     [](const Folder& f) {
       Zip z = honest_zip(f);
       z.size = 0;
       return z.all();
     }},
    {"size_is_4_gibibytes",
     [](const Folder& f) {
       Zip z = honest_zip(f);
       z.size = 0xfffffff0;
       return z.all();
     }},
    {"two_central_directories",
     [](const Folder& f) {
       const Zip z = honest_zip(f);
       Zip other{.stored = "good"};
       other.local_size = other.size = 4;
       return other.all() + z.all();
     }},
    {"encrypted_by_its_flag",
     [](const Folder& f) {
       Zip z = honest_zip(f);
       z.flags = 1;
       return z.all();
     }},
    {"of_method_14_lzma", [](const Folder&) { return of_method(14); }, Expected::incomplete},
    {"of_method_93_zstd", [](const Folder&) { return of_method(93); }, Expected::incomplete},
    {"of_method_95_xz", [](const Folder&) { return of_method(95); }, Expected::incomplete},
    {"of_method_98_ppmd", [](const Folder&) { return of_method(98); }, Expected::incomplete},
    {"of_method_99_aes", [](const Folder&) { return of_method(99); }, Expected::incomplete},
};

// Containers that libclamav does not know: to it they are any bytes.
struct Closed {
  const char* name;
  std::string begin;
};
std::vector<Closed> closed() {
  return {{"zstandard", "\x28\xb5\x2f\xfd"},
          {"lz4", "\x04\x22\x4d\x18"},
          {"lzip", "LZIP\x01"},
          {"compress", "\x1f\x9d\x90"},
          {"rar", std::string("Rar!\x1a\x07\x01\0", 8)},
          {"ace", std::string(7, 'x') + "**ACE**"},
          {"wim", std::string("MSWIM\0\0\0", 8)},
          {"squashfs", "hsqs"},
          {"qcow2", "QFI\xfb"},
          {"vmdk", "KDMV"},
          {"vhdx", "vhdxfile"},
          {"rpm", "\xed\xab\xee\xdb"},
          {"debian_package", "!<arch>\ndebian-binary   "},
          {"luks", "LUKS\xba\xbe"}};
}

std::string on_medium(const Folder& folder, const std::string& content) {
  return image_of(Form::fat16, folder, {{"archive.bin", content}});
}

bool is_bomb(const Case& what) { return std::string(what.name).find("bomb") != std::string::npos; }

}  // namespace

Media archive_media() {
  Media media;
  for (const Case& what : cases) {
    Medium medium{.name = std::string("archive_") + what.name,
                  .expected = what.expected,
                  .make = [what](const Folder& folder) {
                    const std::string place = (folder.path() / "pack").string();
                    shell("mkdir " + place);
                    write_file(place + "/eicar.com", planted());
                    write_file(place + "/good.txt", "Nothing.\n");
                    shell("cd " + place + " && { " + what.commands + "; }");
                    return on_medium(folder, slurp(place + "/out"));
                  }};
    if (is_bomb(what)) medium.time = std::chrono::seconds(50);
    if (is_bomb(what)) medium.memory = std::uint64_t{1500} << 20U;
    media.push_back(std::move(medium));
  }
  for (const ZipCase& what : zip_cases) {
    media.push_back({.name = std::string("zip_") + what.name,
                     .expected = what.expected,
                     .make = [build = what.build](const Folder& folder) {
                       return on_medium(folder, build(folder));
                     }});
  }
  for (const Closed& what : closed()) {
    media.push_back({.name = std::string("archive_of_") + what.name,
                     .expected = Expected::incomplete,
                     .make = [what](const Folder& folder) {
                       return on_medium(folder, what.begin + random_bytes(5000, 5));
                     }});
  }
  return media;
}

}  // namespace tests::hostile
