// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked of the snapshots of this machine: one message on sallyport-snapshots' socket.
//
// "VERB[ NAME[ KEY=VALUE]...]", at most max_request bytes, with the descriptors that the verb needs
// (docs/protocol.md 11). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "block-proxy/nbd/export.hpp"

namespace blockproxy::snapshot {

inline constexpr std::size_t max_request = 256;

enum class Verb : std::uint8_t {
  list,      // JSON of all snapshots, into a file
  show,      // JSON of one: what was read, what went wrong, the root; into a file
  verify,    // every stored byte against its tag, and the seal
  complete,  // all that is missing is read from the medium
  seal,      // the same, and nothing is added from then on
  image,     // a raw image, into a file
  hashes,    // a list of hashes, into a file
  diff,      // what the overlay changed, into a file
  discard,   // the overlay is thrown away
  keep,      // the key is put beside the snapshot
  drop,      // the key is wiped and the snapshot removed
  medium,    // a stream of the medium's server
  commit,    // the same, to write the overlay to it
  reader,    // a stream of one who reads, or writes to the overlay
};
std::string_view name_of(Verb verb);

// Who may ask: the qube's own services hand streams over, people do the rest.
enum class Asker : std::uint8_t { viewer, person, service };
Asker who_may(Verb verb);
// How many descriptors come with it.
std::size_t descriptors_of(Verb verb);

// How a snapshot is filled: as far as somebody reads, or all of it, in order, after which the
// medium is let go.
enum class Fill : std::uint8_t { lazy, in_order };
enum class AtEnd : std::uint8_t { stay_open, seal };  // once everything was read

// A medium between two margins of zeros, `margin_size` bytes each: a kernel that is given it as a
// disk finds no table of partitions where it looks for one, and parses nothing of the medium.
enum class Margin : std::uint8_t { none, zeros };
inline constexpr std::uint64_t margin_size = std::uint64_t{1} << 20U;

struct Request {
  Verb verb = Verb::list;
  std::string name;                             // of the snapshot; empty for `list`
  Fill fill = Fill::lazy;                       // medium: fill=lazy|in-order
  AtEnd at_end = AtEnd::stay_open;              // medium: seal=no|yes
  nbd::Access access = nbd::Access::read_only;  // reader: access=read-only|read-write
  Margin margin = Margin::none;                 // reader: margin=no|yes, of read-only ones
  enum class Holes { refused, allowed } holes = Holes::refused;  // image: partial=no|yes

  friend bool operator==(const Request&, const Request&) = default;
};

// A snapshot that qubes can have: `^[a-z][a-z0-9-]*$`, 1 to 31 characters, as any block device.
bool valid_request_name(std::string_view name);

std::string format_request(const Request& request);
base::Result<Request> parse_request(std::string_view untrusted);

}  // namespace blockproxy::snapshot
