// SPDX-License-Identifier: GPL-2.0-or-later
// Which bundle was imported last: nothing older is taken any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash/digest.hpp"
#include "scanner-qube/database/manifest.hpp"

namespace scannerqube::database {

inline constexpr std::size_t max_last_import = 256;  // bytes of its text

// `digest`: the SHA-256 of the manifest, by which reports name the database.
struct LastImport {
  Serial serial;
  std::int64_t created = 0;
  base::hash::Digest digest = {};
};

enum class Order { newer, same };
// An error: `next` is older, or another bundle with the same serial, or from the future.
base::Result<Order> compare(const std::optional<LastImport>& last, const LastImport& next,
                            std::int64_t now);

// "SERIAL CREATED DIGEST\n"
std::string encode(const LastImport& last);
base::Result<LastImport> parse_last_import(std::string_view text);

}  // namespace scannerqube::database
