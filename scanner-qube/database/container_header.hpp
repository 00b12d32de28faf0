// SPDX-License-Identifier: GPL-2.0-or-later
// The first 512 bytes of ClamAV's .cvd and .cld files.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace scannerqube::database {

inline constexpr std::size_t container_header_size = 512;

struct ContainerFacts {
  std::uint32_t version = 0;
  std::int64_t built = 0;   // seconds since 1970
  std::uint32_t level = 0;  // the functionality level of the engine that it was made for

  friend bool operator==(const ContainerFacts&, const ContainerFacts&) = default;
};

// "ClamAV-VDB:DATE:VERSION:SIGNATURES:LEVEL:MD5:SIGNATURE:BUILDER:BUILT", then spaces. Bytes after
// the header are not looked at. Nothing of it is believed: who signs a bundle says the same, and
// the engine checks ClamAV's own signature.
base::Result<ContainerFacts> parse_container_header(base::wire::Bytes untrusted);

}  // namespace scannerqube::database
