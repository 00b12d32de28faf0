// SPDX-License-Identifier: GPL-2.0-or-later
// The names in a snapshot's folder, and the files that a Store is made of.
#pragma once

#include <array>

#include "block-proxy/snapshot/io/store.hpp"

namespace blockproxy::snapshot {

inline constexpr const char* header_name = "header";
inline constexpr const char* kept_key_name = "key";
inline constexpr std::array<const char*, 8> store_names{
    "header", "data", "index", "overlay.data", "overlay.index", "events", "seal", "journal"};

struct Store::Files {
  StoreFile header;
  StoreFile data;
  StoreFile index;
  StoreFile overlay_data;
  StoreFile overlay_index;
  StoreFile events;
  StoreFile seal;
  StoreFile journal;
};

}  // namespace blockproxy::snapshot
