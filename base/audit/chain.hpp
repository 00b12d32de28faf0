// SPDX-License-Identifier: GPL-2.0-or-later
// The audit log's lines and the chain that binds them, as bytes (docs/protocol.md 8).
//
// A line is a JSON object whose first member is "seq" and whose last are "prev" and "hash":
//   {"seq":7,"time":"2026-11-23T09:20:41.123Z","kind":"decision",...,"prev":"HEX","hash":"HEX"}
// "hash" is BLAKE2b-256 over all bytes of the line before `,"hash":`; "prev" is the hash of the
// line before. Nobody has to understand the JSON to check the chain, and no two ways to write the
// same JSON are taken for each other.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash/digest.hpp"
#include "base/wire/result.hpp"

namespace base::audit {

// A longer line is no record; fields are cut so that ours fit.
inline constexpr std::size_t max_line = 8192;
inline constexpr std::size_t max_field = 1024;
inline constexpr std::size_t hash_digits = 2 * base::hash::digest_size;

struct Field {
  std::string key;    // letters, digits, '_'
  std::string value;  // any bytes; a number stays one where `number`
  bool number = false;
};
using Fields = std::vector<Field>;

// Where a chain stands.
struct Head {
  std::uint64_t seq = 0;                             // of the last line; 0: none yet
  std::string hash = std::string(hash_digits, '0');  // of the last line
  friend bool operator==(const Head&, const Head&) = default;
};

// The next line, with its newline; `head` is moved on to it. Bytes of a value that are no printable
// ASCII become \u00HH.
std::string append_line(Head& head, std::string_view time, std::string_view kind,
                        const Fields& fields);

enum class Flaw : std::uint8_t {
  malformed,     // not a line of this log at all
  edited,        // its hash is not the one of its bytes
  out_of_order,  // whole, but not the one that follows: lines were removed, added or moved
};
std::string_view describe(Flaw flaw);

// Checks one line (without newline) that is to follow `head`, and moves `head` on to it.
base::Result<base::Ok, Flaw> check_line(Head& head, std::string_view untrusted_line);
// The place and hash that a line claims, for where to begin; nothing if it is malformed or edited.
std::optional<Head> head_of(std::string_view untrusted_line);

}  // namespace base::audit
