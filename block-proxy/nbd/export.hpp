// SPDX-License-Identifier: GPL-2.0-or-later
// What a server offers: one medium, its size and what may be done with it.
#pragma once

#include <cstdint>
#include <string>

namespace blockproxy::nbd {

enum class Access { read_only, read_write };
enum class Spinning { no, yes };

struct Export {
  std::string name;        // empty: a client may call it what it likes
  std::uint64_t size = 0;  // bytes
  // Logical, a power of two from 512 to 65536. A size that is no multiple of it is served to the
  // last byte: then no alignment is demanded.
  std::uint32_t sector_size = 512;
  Access access = Access::read_only;
  Spinning spinning = Spinning::no;

  std::uint16_t transmission_flags() const;
  // The alignment that is demanded of a client which asks for it; 1: none.
  std::uint32_t minimum_block() const { return size % sector_size == 0 ? sector_size : 1; }
  static constexpr std::uint32_t preferred_block = 256U << 10U;
};

}  // namespace blockproxy::nbd
