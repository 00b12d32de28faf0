// SPDX-License-Identifier: GPL-2.0-or-later
// Every file system with bytes of its structures changed at seeded places.
#include <cstdlib>
#include <random>

#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

constexpr std::size_t unit = 16;

// Where structures stand: bytes that are not zero and not a file's.
std::vector<std::size_t> structures(std::string bytes) {
  for (const auto& [path, content] : usual_files()) {
    const std::string zeros(content.size(), '\0');
    std::size_t at = bytes.find(content);
    for (; at != std::string::npos; at = bytes.find(content, at + content.size())) {
      bytes.replace(at, content.size(), zeros);
    }
  }
  const std::string nothing(unit, '\0');
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at + unit <= bytes.size(); at += unit) {
    if (bytes.compare(at, unit, nothing) != 0) places.push_back(at);
  }
  return places;
}

std::string piece(std::mt19937& random, const std::string& bytes,
                  const std::vector<std::size_t>& places) {
  switch (random() % 5) {
    case 0:
      return std::string(1, static_cast<char>(random()));
    case 1:
      return {4, '\xff'};
    case 2:
      return std::string("\0\0\0\0\0\0\0\x80", 8);
    case 3:
      return std::string(unit, '\0');
    default:
      return bytes.substr(places.at(random() % places.size()), unit);
  }
}

std::string fuzzed(Form form, const Folder& folder, unsigned seed) {
  const std::string image = usual_image(form, folder);
  const std::string bytes = slurp(image);
  const auto places = structures(bytes);
  std::mt19937 random(seed);
  const auto count = 1 + random() % 6;
  for (unsigned i = 0; i < count; ++i) {
    const std::size_t at = places.at(random() % places.size()) + random() % unit;
    const std::string with = piece(random, bytes, places);
    poke(image, at, with.substr(0, bytes.size() - at));
  }
  return image;
}

// Whether e2fsprogs reads something else there, and finds nothing wrong: then the file is another
// one to everybody.
bool is_another_file(const std::string& image) {
  shell("debugfs -R 'cat sub/eicar.com' " + image + " > " + image + ".out 2> " + image + ".err");
  const std::string errors = slurp(image + ".err");
  const bool failed =
      errors.find("while") != std::string::npos || errors.find("not found") != std::string::npos ||
      errors.find("not open") != std::string::npos || errors.find("corrupted") != std::string::npos;
  return !failed && slurp(image + ".out") != planted();
}

bool is_ext(Form form) { return form == Form::ext2 || form == Form::ext3 || form == Form::ext4; }

std::string fuzzed_and_there(Form form, const Folder& folder, unsigned seed) {
  constexpr unsigned step = 10'000;
  std::string image = fuzzed(form, folder, seed);
  while (is_ext(form) && is_another_file(image)) image = fuzzed(form, folder, seed += step);
  return image;
}

}  // namespace

unsigned fuzzed_each() {
  constexpr unsigned in_full = 100;
  return std::getenv("SALLYPORT_SOAK") != nullptr ? in_full : SALLYPORT_FUZZED_EACH;
}

Media fuzzed_media() {
  Media media;
  for (const Form form : all_forms) {
    if (form == Form::apfs) continue;  // has checksums, and a family of its own
    for (unsigned seed = 1; seed <= fuzzed_each(); ++seed) {
      media.push_back(
          {.name = "fuzzed_" + name_of(form) + "_" + std::to_string(seed),
           .expected = Expected::not_missed,
           .make = [form, seed](const Folder& f) { return fuzzed_and_there(form, f, seed); }});
    }
  }
  return media;
}

}  // namespace tests::hostile
