// SPDX-License-Identifier: GPL-2.0-or-later
// What a bundle says of itself; what is signed. As text: io/manifest_text.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/hash/digest.hpp"
#include "base/wire/result.hpp"
#include "base/wire/strong.hpp"
#include "scanner-qube/database/container_header.hpp"

namespace scannerqube::database {

inline constexpr std::size_t max_files = 256;
inline constexpr std::size_t max_self_tests = 64;
inline constexpr std::uint64_t max_database_bytes = std::uint64_t{2} << 30U;  // all files together
inline constexpr std::uint64_t max_self_test_bytes = std::uint64_t{16} << 20U;  // all together
inline constexpr std::size_t max_signature_name = 128;
inline constexpr std::uint64_t max_serial = std::uint64_t{1} << 53U;  // every JSON reader has it

using Serial = base::Strong<struct SerialTag, std::uint64_t>;

// A file of signatures. `container`: of a .cvd or .cld, and only of those.
struct DatabaseFile {
  std::string name;
  std::uint64_t size = 0;
  base::hash::Digest sha256 = {};
  std::optional<ContainerFacts> container;
};

// A file that the engine has to find something in, or nothing.
struct SelfTest {
  std::string name;
  std::uint64_t size = 0;
  base::hash::Digest sha256 = {};
  std::optional<std::string> signature;  // that must match; nullopt: the file must be clean
};

struct Manifest {
  Serial serial;
  std::int64_t created = 0;          // seconds since 1970
  std::uint32_t minimum_engine = 0;  // libclamav's functionality level
  std::vector<DatabaseFile> files;   // sorted by name
  std::vector<SelfTest> self_tests;  // the same
};

// Letters, digits and "._:/+-": what ClamAV's names of signatures are made of.
base::Status check_signature_name(std::string_view untrusted);

// Bounds, names, order, and that each file is there once.
base::Status check(const Manifest& untrusted);

// Of all files together: what follows the manifest in the bundle.
std::uint64_t content_bytes(const Manifest& checked);

}  // namespace scannerqube::database
