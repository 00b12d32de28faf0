// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot's folder: made, opened after whatever happened, dropped.
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "block-proxy/snapshot/io/key_file.hpp"
#include "block-proxy/snapshot/io/store_files.hpp"

namespace blockproxy::snapshot {
namespace {

constexpr std::size_t held_by_readers = 4096;  // blocks, beside those that are cached

bool is_blank(base::wire::Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte each) { return each == std::byte{0}; });
}

base::Unexpected<base::Error> damaged(const std::filesystem::path& folder, std::string_view file,
                                      std::string_view what) {
  return base::fail((folder / file).string() + ": " + std::string(what) +
                    "; the snapshot cannot be trusted: make a new one");
}

// What a process that was killed while it made a snapshot has left behind is no snapshot: its
// header would have been the last, and nothing was served before.
base::Status make_folder(const Place& place) {
  const std::string tried = "create the snapshot's folder " + place.folder.string();
  if (::mkdir(place.folder.c_str(), 0700) == 0) return sync_folder(place.folder.parent_path());
  if (errno != EEXIST || has_header(place)) return base::io::fail_errno(tried);
  const base::io::Fd header(
      ::open((place.folder / header_name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (header && ::flock(header.get(), LOCK_EX | LOCK_NB) != 0) {
    return base::io::fail_errno(tried, "another process is making this snapshot");
  }
  return empty(place);
}

base::Result<Key> find_key(const Place& place, const Id& id) {
  auto key = read_key_file(place.key_file, id);
  if (key) return key;
  auto kept = read_key_file(place.folder / kept_key_name, id);
  return kept ? std::move(kept) : std::move(key);
}

base::Result<Header> read_header(const StoreFile& file, const std::filesystem::path& folder) {
  std::array<std::byte, header_size> bytes{};
  if (auto read = file.read(0, bytes); !read) return base::Unexpected{read.error()};
  const auto header = parse_header(bytes);
  if (!header) return damaged(folder, header_name, describe(header.error()));
  return *header;
}

}  // namespace

Store::Store(const Header& header, Place place, Options options, const Key& key, Files files)
    : header_(header),
      place_(std::move(place)),
      options_(std::move(options)),
      cipher_(key),
      header_file_(std::move(files.header)),
      base_(Layer::base, header, cipher_, std::move(files.data),
            RecordFile(std::move(files.index), header.geometry.blocks())),
      overlay_(Layer::overlay, header, cipher_, std::move(files.overlay_data),
               RecordFile(std::move(files.overlay_index), header.geometry.blocks())),
      events_(std::move(files.events), cipher_),
      seal_file_(std::move(files.seal)),
      journal_file_(std::move(files.journal)),
      pool_(options_.cache_bytes / block_size + held_by_readers),
      cache_(options_.cache_bytes),
      zeros_(pool_.get()) {
  std::fill_n(zeros_.get(), block_size, std::byte{0});
  zeros_hash_ = leaf_hash(hash_, {zeros_.get(), block_size});
  journal_.id = header.id;
}

base::Result<Store::Files> Store::open_files(const Place& place, StoreFile::Mode mode,
                                             FileTap* tap) {
  std::vector<StoreFile> files;
  for (const char* name : store_names) {
    auto file = StoreFile::open(place.folder, name, mode, tap);
    if (!file) return base::Unexpected{file.error()};
    files.push_back(*std::move(file));
  }
  if (::flock(files[0].fd().get(), LOCK_EX | LOCK_NB) != 0) {
    return base::io::fail_errno("lock " + place.folder.string(),
                                "another process has this snapshot open");
  }
  return Files{std::move(files[0]), std::move(files[1]), std::move(files[2]), std::move(files[3]),
               std::move(files[4]), std::move(files[5]), std::move(files[6]), std::move(files[7])};
}

base::Result<std::unique_ptr<Store>> Store::create(const Place& place, const Geometry& geometry,
                                                   Options options) {
  if (auto made = make_folder(place); !made) return base::Unexpected{made.error()};
  auto files = open_files(place, StoreFile::Mode::create, options.tap);
  if (!files) return base::Unexpected{files.error()};
  const Key key = Key::random();
  Header header{.geometry = geometry};
  random_bytes(header.id);
  if (auto written = write_key_file(place.key_file, header.id, key); !written) {
    return base::Unexpected{written.error()};
  }
  std::unique_ptr<Store> store(
      new Store(header, place, std::move(options), key, *std::move(files)));
  store->header_.created = store->now();
  store->header_.auth = store->cipher_.seal(header_signed_part(encode(store->header_)), {}, {});
  // The header last and durable: a folder without one is no snapshot.
  auto done = store->header_file_.write(0, encode(store->header_));
  if (done) done = store->header_file_.sync();
  if (done) done = sync_folder(place.folder);
  if (!done) return base::Unexpected{done.error()};
  return store;
}

base::Result<std::unique_ptr<Store>> Store::open(const Place& place, Options options) {
  auto files = open_files(place, StoreFile::Mode::existing, options.tap);
  if (!files) return base::Unexpected{files.error()};
  const auto header = read_header(files->header, place.folder);
  if (!header) return base::Unexpected{header.error()};
  const auto key = find_key(place, header->id);
  if (!key) return base::Unexpected{key.error()};
  std::unique_ptr<Store> store(
      new Store(*header, place, std::move(options), *key, *std::move(files)));
  if (store->cipher_.open(header_signed_part(encode(*header)), header->auth, {}, {}) ==
      Authentic::no) {
    return damaged(place.folder, header_name, "was not written with this key");
  }
  if (auto loaded = store->load_state(); !loaded) return base::Unexpected{loaded.error()};
  return store;
}

base::Status Store::load_state() {
  if (auto loaded = events_.load(); !loaded) return loaded;
  std::array<std::byte, seal_size> bytes{};
  if (auto read = seal_file_.read(0, bytes); !read) return read;
  if (!is_blank(bytes)) {
    const auto seal = parse_seal(bytes);
    if (!seal) return damaged(place_.folder, "seal", describe(seal.error()));
    if (seal->id != header_.id ||
        cipher_.open(seal_signed_part(bytes), seal->auth, {}, {}) == Authentic::no) {
      return damaged(place_.folder, "seal", "was not written with this key");
    }
    seal_ = *seal;
  }
  std::array<std::byte, journal_size> journal_bytes{};
  if (auto read = journal_file_.read(0, journal_bytes); !read) return read;
  if (!is_blank(journal_bytes)) {
    const auto journal = parse_journal(journal_bytes);
    if (!journal) return damaged(place_.folder, "journal", describe(journal.error()));
    if (journal->id != header_.id ||
        cipher_.open(journal_signed_part(journal_bytes), journal->auth, {}, {}) == Authentic::no) {
      return damaged(place_.folder, "journal", "was not written with this key");
    }
    journal_ = *journal;
  }
  auto scanned = base_.scan([&](std::uint64_t, const std::optional<Record>& record) {
    ++stored_;
    if (!record || has_data(record->state)) ++stored_data_;
    return base::Status(base::Ok{});
  });
  if (!scanned) return scanned;
  return overlay_.scan([&](std::uint64_t, const std::optional<Record>& record) {
    ++overlay_records_;
    // Two records of one slot: the tag of one of them will not fit, so it is never served.
    if (record && has_data(record->state)) (void)slots_.claim(record->slot);
    return base::Status(base::Ok{});
  });
}

std::uint64_t Store::now() const {
  if (options_.clock) return options_.clock();
  using std::chrono::milliseconds;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

base::Status Store::keep() {
  const auto key = find_key(place_, header_.id);
  if (!key) return base::Unexpected{key.error()};
  if (auto kept = write_key_file(place_.folder / kept_key_name, header_.id, *key); !kept) {
    return kept;
  }
  return sync_folder(place_.folder);
}

bool has_header(const Place& place) {
  struct stat info {};
  return ::lstat((place.folder / header_name).c_str(), &info) == 0 && info.st_size > 0;
}

base::Status empty(const Place& place) {
  // The key first: whatever fails after it, nobody can read what is left.
  auto removed = remove_key_file(place.key_file);
  const auto kept = remove_key_file(place.folder / kept_key_name);
  if (removed && !kept) removed = kept;
  for (const char* name : store_names) {
    const std::string path = (place.folder / name).string();
    if (::unlink(path.c_str()) != 0 && errno != ENOENT && removed) {
      removed = base::io::fail_errno("remove " + path);
    }
  }
  return removed;
}

base::Status drop(const Place& place) {
  auto removed = empty(place);
  if (::rmdir(place.folder.c_str()) != 0 && removed) {
    return base::io::fail_errno("remove " + place.folder.string());
  }
  return removed;
}

}  // namespace blockproxy::snapshot
