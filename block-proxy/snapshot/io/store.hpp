// SPDX-License-Identifier: GPL-2.0-or-later
// A verified snapshot of a medium in a folder: each block is fetched once, and every later read is
// of the stored bytes, checked.
#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "block-proxy/snapshot/extents.hpp"
#include "block-proxy/snapshot/io/block_layer.hpp"
#include "block-proxy/snapshot/io/block_pool.hpp"
#include "block-proxy/snapshot/io/event_log.hpp"
#include "block-proxy/snapshot/io/medium.hpp"
#include "block-proxy/snapshot/merkle.hpp"
#include "block-proxy/snapshot/sampler.hpp"
#include "block-proxy/snapshot/slots.hpp"

namespace blockproxy::snapshot {

inline constexpr std::uint64_t max_read = std::uint64_t{32}
                                          << 20U;  // bytes; as NBD's largest request

struct Place {
  std::filesystem::path folder;    // of this snapshot alone
  std::filesystem::path key_file;  // on a tmpfs; `folder`/key is tried after it
};

struct Options {
  std::size_t cache_bytes = std::size_t{64} << 20U;
  // What may be stored but not yet durable; reaching it costs a flush().
  std::size_t dirty_bytes = std::size_t{64} << 20U;
  std::uint64_t quota = std::numeric_limits<std::uint64_t>::max();  // bytes of all files
  std::function<std::uint64_t()> clock = {};  // ms since 1970; the system's if there is none
  FileTap* tap = nullptr;
};

// Which bytes: the medium as it was, or with what was written over it.
enum class Side : std::uint8_t { base, overlay };

// Bytes of a block in memory. They stay as long as somebody holds them.
struct Slice {
  std::shared_ptr<const std::byte[]> holder;
  base::wire::Bytes bytes;
};
using Slices = std::vector<Slice>;

struct Progress {
  std::uint64_t done = 0;   // blocks
  std::uint64_t total = 0;  // blocks
  bool complete() const { return done == total; }
};

// A walk over all blocks, in steps of the caller's size.
struct Verification {
  std::uint64_t next = 0;
  TreeBuilder tree = {};
  ExtentSet lost{1024};             // stored, but not what their record says
  ExtentSet absent{1024};           // never read
  std::optional<Digest> root = {};  // at the end, if no block is lost or absent
  bool matches_seal = false;        // at the end: sealed, and of this root
};

enum class Again : std::uint8_t { same, different };

struct Probe {
  explicit Probe(const Sampler& blocks) : sampler(blocks) {}
  Sampler sampler;
  std::uint64_t compared = 0;
  std::uint64_t different = 0;
  bool done = false;
};

struct Difference {
  std::uint64_t block = 0;
  std::optional<Digest> before;  // none: the block was never read from the medium
  Digest after{};
};

// One thread. Nothing is fetched twice, as a fetch is over before the next call; a program that
// fetches in the background uses missing(), a FetchTable and accept(). Every error leaves the store
// as it was, except for a failed sync: then the disk cannot be trusted to hold what it took, and
// all calls fail until the store is opened again.
class Store {
 public:
  // A new, empty snapshot: makes the folder, if there is none, its files and the key file. One
  // whose making was cut short is emptied first.
  static base::Result<std::unique_ptr<Store>> create(const Place& place, const Geometry& geometry,
                                                     Options options);
  // One that is there, after a crash too. One process at a time.
  static base::Result<std::unique_ptr<Store>> open(const Place& place, Options options);

  const Header& header() const { return header_; }
  const Geometry& geometry() const { return header_.geometry; }
  // Where blocks come from that are not stored; outlives the store or detach(). A medium of another
  // size is refused, and noted.
  base::Status attach(Medium& medium);
  base::Status expect_size(std::uint64_t medium_size);
  void detach() { medium_ = nullptr; }

  // Where checked blocks are.
  BlockPool& pool() { return pool_; }
  // Checked bytes, in order, without copying what is cached. At most max_read.
  base::Result<Slices> read(const Range& range, Side side);
  // The same for a range within one block that is in memory, until the next call; nothing: read()
  // has to look further.
  std::optional<base::wire::Bytes> peek(const Range& range, Side side);
  // The first run of blocks in `range` that are not stored, at most 1 MiB; nothing: read() of that
  // side needs no medium.
  base::Result<std::optional<BlockRun>> missing(const Range& range, Side side);
  // Stores a run that was fetched, with a map of unreadable sectors for each block. Blocks that are
  // stored already keep their first answer.
  base::Status accept(const BlockRun& run, base::wire::Bytes bytes, std::span<const SectorMap> bad);

  Progress progress() const { return {.done = stored_, .total = geometry().blocks()}; }
  // Fetches about so many bytes of what is missing, in order.
  base::Result<Progress> complete(std::uint64_t budget);
  // Reads a sample again from the medium and notes what differs; `budget` in blocks.
  Probe start_probe(std::uint64_t one_in = default_one_in);
  base::Status probe_some(Probe& probe, std::uint64_t budget);
  // The same for a program that reads the sample itself: whether there is something to compare
  // with (not where sectors could not be read: this time they may well be), and is it the same? A
  // difference is noted.
  base::Result<bool> comparable(std::uint64_t number);
  base::Result<Again> compare(std::uint64_t number, base::wire::Bytes bytes);

  // All that was stored or written is durable.
  base::Status flush();
  // Of a complete snapshot; an error names what is missing. One pass over the index.
  base::Result<Digest> root();
  base::Result<std::vector<Digest>> proof(std::uint64_t block);
  // From now on nothing is fetched. Complete snapshots only.
  base::Result<Seal> seal();
  const std::optional<Seal>& sealed() const { return seal_; }
  // Decrypts and checks the next `budget` blocks. Over when `next` is the number of blocks.
  base::Status verify_some(Verification& walk, std::uint64_t budget);

  // Which blocks were ever read from the medium.
  base::Result<ExtentSet> extents(std::size_t max_runs);
  // Nothing if the block was never read.
  base::Result<std::optional<Digest>> hash_of(std::uint64_t block);
  const EventLog& events() const { return events_; }
  // Bytes that count against the quota. The index's pages may take up to 4 KiB more for a block
  // that is alone in its 4 MiB.
  std::uint64_t used() const;

  // The overlay. write() and trim() are durable after flush().
  base::Status write(std::uint64_t offset, base::wire::Bytes data);
  base::Status trim(const Range& range);  // reads as zeros
  base::Status diff(const std::function<base::Status(const Difference&)>& each);
  // Throws it away. A commit that was begun is given up: the medium then has a part of it.
  base::Status discard();
  // Writes the overlay to the medium, in order; again after a crash, it goes on where it was. The
  // overlay stays until it is discarded.
  base::Status commit(Medium& medium);
  const Journal& journal() const { return journal_; }

  // Copies the key beside the store, so that it outlives the tmpfs.
  base::Status keep();

 private:
  struct Files;
  Store(const Header& header, Place place, Options options, const Key& key, Files files);
  static base::Result<Files> open_files(const Place& place, StoreFile::Mode mode, FileTap* tap);
  base::Status load_state();
  base::Status usable() const;
  base::Status room_for(std::uint64_t bytes) const;
  base::Status settle();  // flushes where enough waits
  std::uint64_t now() const;
  base::Status note(Event event);

  base::Result<Slice> block(std::uint64_t number, Side side);
  base::Result<Slice> stored_block(std::uint64_t number, const Record& record, Layer layer);
  void remember(std::uint64_t number, Layer layer, BlockState state, base::wire::Bytes bytes);
  base::Status fetch_run(const BlockRun& run);
  base::Status recover(std::uint64_t number, const Record& record);
  base::Status store_run(std::uint64_t first, base::wire::Bytes bytes,
                         std::span<const SectorMap> bad);
  base::Result<std::uint64_t> run_of_absent(std::uint64_t first, std::uint64_t limit);
  base::Result<std::uint64_t> run_to_fetch(std::uint64_t first, std::uint64_t limit, Side side);
  base::Status read_medium(const BlockRun& run);
  base::Status probe_block(Probe& probe, std::uint64_t number);
  base::Status write_block(std::uint64_t number, base::wire::Bytes bytes);
  base::Status write_pieces(const Range& range, const base::wire::Bytes* data);
  base::Status write_journal(const Journal& journal);
  base::Result<Digest> overlay_content();

  static std::uint64_t cache_key(std::uint64_t number, Layer layer) {
    return number * 2 + (layer == Layer::overlay ? 1 : 0);
  }

  Header header_;
  Place place_;
  Options options_;
  Cipher cipher_;
  StoreFile header_file_;  // locked as long as the store is open
  BlockLayer base_;
  BlockLayer overlay_;
  EventLog events_;
  StoreFile seal_file_;
  StoreFile journal_file_;
  Sha256 hash_;
  Slots slots_;
  BlockPool pool_;
  Lru<std::uint64_t, Block> cache_;
  Medium* medium_ = nullptr;
  std::optional<Seal> seal_;
  Journal journal_;
  std::vector<std::byte> staging_;
  std::vector<SectorMap> bad_;
  Block zeros_;
  Digest zeros_hash_{};            // leaf hash of a whole block of zeros
  std::uint64_t stored_ = 0;       // blocks with a record
  std::uint64_t stored_data_ = 0;  // of these, those with bytes in the data file
  std::uint64_t overlay_records_ = 0;
  std::uint64_t cursor_ = 0;  // complete(): all below are stored
  bool broken_ = false;
};

// Whether there is a snapshot to be opened; else it can be created.
bool has_header(const Place& place);

// Wipes and removes the keys first, then the store's files; the folder, and others in it, stay.
base::Status empty(const Place& place);
// The same, and the folder goes too, if nothing else is in it.
base::Status drop(const Place& place);

}  // namespace blockproxy::snapshot
