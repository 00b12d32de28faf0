// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshots of a folder, without opening them and without their keys.
#pragma once

#include <string>

#include "block-proxy/snapshot/io/store.hpp"

namespace blockproxy::snapshot {

inline constexpr std::size_t max_listed = 4096;

enum class State : std::uint8_t {
  lazy,      // blocks are missing
  complete,  // none is
  sealed,
  kept,      // the key is beside the store
  lost_key,  // nobody can read it any more: drop it
  damaged,   // its header or seal is no such record
};
std::string_view describe(State state);

struct Summary {
  std::string name;  // of its folder; not escaped
  State state = State::damaged;
  std::optional<Header> header = {};
  std::optional<Seal> seal = {};  // what it claims: the tag is checked when it is opened
  Progress progress = {};         // not counted where the state is kept, sealed or damaged
};

// By name. The key of NAME is expected at `keys`/NAME/key.
base::Result<std::vector<Summary>> list(const std::filesystem::path& folder,
                                        const std::filesystem::path& keys);

}  // namespace blockproxy::snapshot
