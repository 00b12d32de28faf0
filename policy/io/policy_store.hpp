// SPDX-License-Identifier: GPL-2.0-or-later
// The policy in force: read from disk, and read again when a file changed.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/io/paths.hpp"
#include "base/wire/result.hpp"
#include "policy/ruleset.hpp"

namespace policy::io {

// Reads the .policy files of /run/qubes/policy.d, then /etc/qubes/policy.d: sorted by name across
// both, and of two with the same name only the first directory's. Anything wrong anywhere (a
// directory missing, a bad file name, a line that does not parse) makes the whole policy an error,
// which the caller must take for "deny everything". Never throws.
class PolicyStore {
 public:
  static constexpr std::size_t max_files = 256;
  static constexpr std::size_t max_file_size = std::size_t{1024} * 1024;

  explicit PolicyStore(const base::io::Paths& paths);
  // `legacy`: where !compat-4.0 looks.
  PolicyStore(std::vector<std::filesystem::path> directories, std::filesystem::path legacy);

  // Valid until the next call. Costs one stat per file while nothing changed.
  const base::Result<Ruleset>& current();

 private:
  // What the files looked like when they were read, and when the last of them changed.
  struct Signature {
    std::string text = {};
    std::chrono::nanoseconds newest{};
  };

  static Signature signature_of(const std::vector<std::filesystem::path>& watched);
  base::Result<Ruleset> load(std::vector<std::filesystem::path>& watched) const;

  std::vector<std::filesystem::path> directories_;
  std::filesystem::path legacy_;
  std::vector<std::filesystem::path> watched_;
  std::string signature_;
  bool settled_ = false;
  base::Result<Ruleset> current_;
};

}  // namespace policy::io
