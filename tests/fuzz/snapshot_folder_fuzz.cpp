// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot whose folder somebody else has changed: bytes overwritten, files cut short, records
// and blocks put in other places or taken from another snapshot. Whatever is opened serves what was
// stored, or nothing; and what does not match the seal is not said to.
//
// Input: u8 flags (1 sealed, 2 with the medium, 4 which lies), then edits: see apply().
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "block-proxy/snapshot/io/store.hpp"
#include "block-proxy/snapshot/io/store_files.hpp"
#include "tests/block-proxy/snapshot/fake_medium.hpp"
#include "tests/fakes/folder.hpp"

namespace {

using namespace blockproxy::snapshot;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t blocks = 5;
constexpr std::uint64_t medium_size = (blocks - 1) * block_size + 1000;  // the last one is short
constexpr std::uint64_t zeros_block = 2;
constexpr std::uint64_t never_read = 3;  // of the one that is not sealed
constexpr std::array<std::uint64_t, 2> written{0, 1};
constexpr std::size_t max_edits = 16;

void check(bool good) {
  if (!good) std::abort();
}

std::uint64_t length_of(std::uint64_t block) {
  return block + 1 == blocks ? medium_size % block_size : block_size;
}

struct Lying : tests::FakeMedium {
  Lying() : FakeMedium(medium_size, 1) {
    std::fill_n(content.begin() + zeros_block * block_size, block_size, std::byte{0});
  }
};

Bytes part(const Bytes& whole, std::uint64_t block) {
  const auto first = whole.begin() + static_cast<std::ptrdiff_t>(block * block_size);
  return {first, first + static_cast<std::ptrdiff_t>(length_of(block))};
}

Bytes all_of(const base::Result<Slices>& read) {
  Bytes all;
  for (const auto& slice : *read) all.insert(all.end(), slice.bytes.begin(), slice.bytes.end());
  return all;
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(in), {}};
  Bytes bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void write_file(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  const std::string text(static_cast<const char*>(static_cast<const void*>(bytes.data())),
                         bytes.size());
  out << text;
  check(out.good());
}

// A snapshot as it was made: its files, and what was written over it.
struct Made {
  std::array<Bytes, std::size(store_names)> files;
  Bytes key;
};

class World {
 public:
  World() {
    truth_ = Lying().content;
    lie_ = truth_;
    for (auto& byte : lie_) byte ^= std::byte{0x55};
    overlay_ = Bytes(block_size, std::byte{0xab});
    made_[0] = make(false);
    made_[1] = make(true);
  }

  Place place() const { return {folder_.path() / "s", folder_.path() / "k"}; }
  const Made& made(bool sealed) const { return made_.at(sealed ? 1 : 0); }
  const Bytes& truth() const { return truth_; }
  const Bytes& lie() const { return lie_; }
  const Bytes& overlay() const { return overlay_; }
  const Digest& root() const { return root_; }  // of both

  void put(const Made& snapshot) const {
    std::filesystem::create_directories(place().folder);
    for (std::size_t i = 0; i < snapshot.files.size(); ++i)
      write_file(place().folder / store_names.at(i), snapshot.files.at(i));
    write_file(place().key_file, snapshot.key);
  }

 private:
  Made make(bool sealed) {
    Lying medium;
    Made result;
    {
      auto store = Store::create(place(), *Geometry::make(medium_size, 512), {});
      check(store.has_value() && (*store)->attach(medium).has_value());
      for (std::uint64_t block = 0; block < blocks; ++block) {
        if (!sealed && block == never_read) continue;
        const Range range{.offset = block * block_size, .length = length_of(block)};
        check((*store)->read(range, Side::base).has_value());
      }
      if (sealed) root_ = (*store)->seal()->root;
      for (const std::uint64_t block : written)
        check((*store)->write(block * block_size, overlay_).has_value());
      check((*store)->flush().has_value());
    }
    for (std::size_t i = 0; i < result.files.size(); ++i)
      result.files.at(i) = read_file(place().folder / store_names.at(i));
    result.key = read_file(place().key_file);
    check(drop(place()).has_value());
    return result;
  }

  tests::Folder folder_{"/dev/shm"};
  Bytes truth_;
  Bytes lie_;
  Bytes overlay_;
  Digest root_{};
  std::array<Made, 2> made_;
};

// One edit; the last reader's bytes may be missing: then they are zeros.
void apply(base::wire::Reader& in, Made& to, const Made& other) {
  const auto file_of = [&](Made& from) -> Bytes& {
    const std::size_t which = in.u8() % (from.files.size() + 1);
    return which == from.files.size() ? from.key : from.files.at(which);
  };
  const auto place_in = [&](const Bytes& file, std::size_t beyond) {
    return in.u32() % (file.size() + beyond);
  };
  switch (in.u8() % 4) {
    case 0: {  // overwrite
      Bytes& file = file_of(to);
      const std::size_t at = place_in(file, 64);
      const std::size_t length = in.u8();
      const auto bytes = in.take(std::min(length, in.rest().size()));
      file.resize(std::max(file.size(), at + bytes.size()));
      std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    case 1: {  // cut, or lengthen
      Bytes& file = file_of(to);
      file.resize(place_in(file, 4096));
      return;
    }
    case 2: {  // what is somewhere, put elsewhere
      Made source = in.u8() % 2 == 0 ? to : other;
      const Bytes& from = file_of(source);
      Bytes& file = file_of(to);
      const std::size_t unit = std::size_t{1} << (in.u8() % 17U);  // a record is 64, a block 65536
      const std::size_t begin = in.u8() * unit;
      const std::size_t at = in.u8() * unit;
      if (begin >= from.size() || at > file.size()) return;
      const std::size_t length = std::min(unit, from.size() - begin);
      file.resize(std::max(file.size(), at + length));
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(begin), length,
                  file.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    case 3: {  // a header that is right to those without the key
      Bytes& header = to.files[0];
      if (header.size() < header_size) return;
      const Digest sum = Sha256()({std::span(header).first(84)});
      std::copy_n(sum.begin(), 8, header.begin() + 84);
      return;
    }
  }
}

// As it is on disk before anybody opens it.
bool has_record(const Made& made, std::uint64_t block) {
  const auto index = std::ranges::find(store_names, std::string_view("index"));
  const Bytes& file = made.files.at(static_cast<std::size_t>(index - std::begin(store_names)));
  for (std::size_t at = block * record_size; at < (block + 1) * record_size; ++at) {
    if (at < file.size() && file[at] != std::byte{0}) return true;
  }
  return false;
}

void read_all(Store& store, const World& world, const Made& made, bool lies) {
  for (std::uint64_t block = 0; block < blocks; ++block) {
    const Range range{.offset = block * block_size, .length = length_of(block)};
    const bool lie_is_first = lies && !store.sealed() && !has_record(made, block);
    const auto of_medium = [&](const Bytes& bytes) {
      return bytes == part(world.truth(), block) ||
             (lie_is_first && bytes == part(world.lie(), block));
    };
    const auto base = store.read(range, Side::base);
    if (base) check(of_medium(all_of(base)));
    const auto over = store.read(range, Side::overlay);
    const bool changed = std::ranges::find(written, block) != written.end();
    if (over) check(of_medium(all_of(over)) || (changed && all_of(over) == world.overlay()));
    if (const auto hash = store.hash_of(block); hash && *hash && base && !lies) {
      Sha256 sha;
      check(**hash == leaf_hash(sha, part(world.truth(), block)));
    }
  }
}

void verify(Store& store, const World& world) {
  Verification walk;
  while (walk.next < blocks) {
    if (!store.verify_some(walk, 2)) return;
  }
  if (!walk.matches_seal) return;
  check(walk.root.has_value() && *walk.root == world.root());
}

// A block that can be read still takes what is written, and gives it back after another open().
void write_one(std::unique_ptr<Store> store, const World& world) {
  const Bytes bytes(5000, std::byte{0x77});
  const std::uint64_t at = block_size + 100;
  const Range range{.offset = at, .length = bytes.size()};
  const bool whole = store->read(range, Side::overlay).has_value();
  const bool kept = store->write(at, bytes).has_value() && store->flush().has_value();
  store.reset();
  auto again = Store::open(world.place(), {});
  if (!kept || !whole) return;
  check(again.has_value());
  const auto read = (*again)->read(range, Side::overlay);
  check(read.has_value() && all_of(read) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  base::wire::Reader in(std::as_bytes(std::span(data, size)));
  const unsigned flags = in.u8();
  const bool sealed = (flags & 1U) != 0;
  const bool lies = (flags & 2U) != 0 && (flags & 4U) != 0;
  Made made = world.made(sealed);
  for (std::size_t i = 0; i < max_edits && !in.rest().empty(); ++i) {
    apply(in, made, world.made(!sealed));
  }
  world.put(made);
  Lying medium;
  if (lies) medium.content = world.lie();
  auto store = Store::open(world.place(), {.cache_bytes = 2 * block_size});
  if (!store) {
    check(!store.error().text.empty());
    return 0;
  }
  if ((flags & 2U) != 0) static_cast<void>((*store)->attach(medium));
  read_all(**store, world, made, lies);
  verify(**store, world);
  static_cast<void>((*store)->extents(100));
  static_cast<void>((*store)->diff([](const Difference&) { return base::Status(base::Ok{}); }));
  write_one(*std::move(store), world);
  return 0;
}
