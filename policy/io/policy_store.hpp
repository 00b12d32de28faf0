// SPDX-License-Identifier: GPL-2.0-or-later
// The policy in force: read from disk, and read again when a file changed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/io/paths.hpp"
#include "base/wire/result.hpp"
#include "policy/io/policy_files.hpp"
#include "policy/ruleset.hpp"

namespace policy::io {

// Why the files on disk are not what is in force.
struct PolicyProblem {
  std::string text = {};   // what, where and the remedy
  std::int64_t since = 0;  // when it was noticed, in seconds since 1970
};

// Reads the .policy files of /run/qubes/policy.d, then /etc/qubes/policy.d: sorted by name across
// both, and of two with the same name only the first directory's. Anything wrong anywhere (a
// directory missing, a bad file name, a file that cannot be read or is too large, a line that does
// not parse) makes the whole of it unusable: the last good policy then stays in force. There is
// none before the first one that parsed, and the caller must take the error for "deny everything".
// No files at all are a good policy, of no rules. Never throws.
class PolicyStore {
 public:
  static constexpr std::size_t max_files = max_policy_files;
  static constexpr std::size_t max_file_size = max_policy_file_size;

  explicit PolicyStore(const base::io::Paths& paths);
  // `legacy`: where !compat-4.0 looks.
  PolicyStore(std::vector<std::filesystem::path> directories, std::filesystem::path legacy);

  // What is in force. Valid until the next call. Costs one stat per file while nothing changed.
  const base::Result<Ruleset>& current();
  // What is wrong with the files as they are now; looks at them as current() does. Nothing: they
  // are in force.
  const std::optional<PolicyProblem>& problem();
  // What the policy would be with this text as a file of the last directory, in place of one that
  // is there. Reads it all.
  base::Result<Ruleset> with_file(const std::string& name, const std::string& text) const;
  // When the rules in force were read, in seconds since 1970; nullopt: none ever were.
  const std::optional<std::int64_t>& in_force_since() const { return in_force_since_; }

 private:
  // What the files looked like when they were read, and when the last of them changed.
  struct Signature {
    std::string text = {};
    std::chrono::nanoseconds newest{};
  };

  static Signature signature_of(const std::vector<std::filesystem::path>& watched);
  void refresh();
  void take(base::Result<Ruleset> loaded);
  base::Result<Ruleset> load(std::vector<std::filesystem::path>& watched,
                             const PolicyFile* instead = nullptr) const;

  std::vector<std::filesystem::path> directories_;
  std::filesystem::path legacy_;
  std::vector<std::filesystem::path> watched_;
  std::string signature_;
  std::string good_signature_;  // of what is in force
  bool settled_ = false;
  base::Result<Ruleset> in_force_;
  std::optional<std::int64_t> in_force_since_;
  std::optional<PolicyProblem> problem_;
};

}  // namespace policy::io
