// SPDX-License-Identifier: GPL-2.0-or-later
// What a snapshot is taken of: a stick behind an NBD client, or a test's fake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace blockproxy::snapshot {

enum class MediumFault : std::uint8_t {
  unreadable,  // these sectors; others may be read
  timeout,     // no answer; nothing is known about the sectors
  gone,        // unplugged, or the connection is closed
  full,        // writing: no room, or it is read-only
};

class Medium {
 public:
  Medium() = default;
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;
  virtual ~Medium() = default;

  virtual std::uint64_t size() = 0;  // in bytes, now
  // How many bytes were read, from 1 to all; 0: the medium ends here.
  virtual base::Result<std::size_t, MediumFault> read(std::uint64_t offset,
                                                      std::span<std::byte> out) = 0;
  // Whole or not at all, as far as the caller may rely on it.
  virtual base::Result<base::Ok, MediumFault> write(std::uint64_t offset,
                                                    base::wire::Bytes data) = 0;
  virtual base::Result<base::Ok, MediumFault> flush() = 0;  // what was written is durable
};

}  // namespace blockproxy::snapshot
