// SPDX-License-Identifier: GPL-2.0-or-later
// What the engine says of a database that it has loaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace scannerqube::database {

inline constexpr std::size_t max_engine_facts = 256;  // bytes of its text
inline constexpr std::size_t max_engine_name = 64;

struct EngineFacts {
  std::string name;         // "ClamAV 1.4.6"
  std::uint32_t level = 0;  // functionality level
  std::uint32_t signatures = 0;
};

// "loaded SIGNATURES LEVEL NAME\n": what the checking process has to say, and nothing else. It has
// read what strangers wrote, so its answer is parsed as theirs.
std::string encode(const EngineFacts& facts);
base::Result<EngineFacts> parse_engine_facts(std::string_view untrusted);

}  // namespace scannerqube::database
