// SPDX-License-Identifier: GPL-2.0-or-later
// The records of a snapshot's folder: whatever is on disk, a record that is taken is one that we
// write, byte for byte, and its values are within their bounds. The first byte says which record.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "block-proxy/snapshot/format.hpp"
#include "block-proxy/snapshot/merkle.hpp"

namespace {

using namespace blockproxy::snapshot;

void check(bool good) {
  if (!good) std::abort();
}

// Parses and, where that succeeds, encodes to the same bytes.
template <class T>
void round_trip(const Parsed<T>& parsed, base::wire::Bytes bytes) {
  if (!parsed) {
    check(!describe(parsed.error()).empty());
    return;
  }
  const auto again = encode(*parsed);
  check(std::ranges::equal(again, bytes));
}

void header(base::wire::Bytes bytes) {
  const auto parsed = parse_header(bytes);
  round_trip(parsed, bytes);
  if (!parsed) return;
  const Geometry& geometry = parsed->geometry;
  check(geometry.medium_size() <= max_medium_size && geometry.blocks() <= max_blocks);
  if (geometry.blocks() != 0) check(geometry.length_of(geometry.blocks() - 1) != 0);
}

// A range and a proof that somebody else made up.
void tree(base::wire::Bytes bytes) {
  base::wire::Reader in(bytes);
  const auto geometry = Geometry::make(in.u64(), 512);
  const Range range{.offset = in.u64(), .length = in.u64()};
  const std::uint64_t block = in.u64();
  if (!geometry) return;
  if (const auto run = geometry->blocks_of(range)) {
    check(run->end() <= geometry->blocks() || run->count == 0);
    if (run->count != 0) {
      const Piece last = piece_of(range, run->end() - 1);
      check(last.length != 0 && last.offset + last.length <= block_size);
    }
  }
  std::vector<Digest> proof;
  while (in.rest().size() >= sizeof(Digest) && proof.size() < 64) {
    Digest each{};
    std::ranges::copy(in.take(sizeof(Digest)), each.begin());
    proof.push_back(each);
  }
  // No proof leads to a root that is not one.
  check(check_proof(*geometry, block, Digest{}, proof, Digest{}) == Proof::fails);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0]) {
    case 'h':
      header(bytes);
      break;
    case 'r':
      round_trip(parse_record(bytes), bytes);
      break;
    case 's':
      round_trip(parse_seal(bytes), bytes);
      break;
    case 'j':
      round_trip(parse_journal(bytes), bytes);
      break;
    case 'e':
      round_trip(parse_event(bytes), bytes);
      break;
    default:
      tree(bytes);
      break;
  }
  return 0;
}
