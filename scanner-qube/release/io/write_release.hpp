// SPDX-License-Identifier: GPL-2.0-or-later
// A release from a list to a volume, in a process of its own that can do nothing else.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "scanner-qube/release/io/release_target.hpp"
#include "scanner-qube/release/volume.hpp"
#include "scanner-qube/volume/io/file_source.hpp"

namespace scannerqube::release {

struct ReleaseJob {
  std::string_view list;                   // its bytes, untrusted
  std::optional<base::hash::Digest> root;  // that the medium is proven to have, before it is used
  VolumeOptions options = {};
  // Of the manifest, of so many files; in place of options.note.
  std::function<std::string(std::size_t files)> note = {};
};

struct Released {
  bool exfat = false;
  std::uint64_t bytes = 0;
  std::size_t files = 0;
};

enum class ReleaseStep : std::uint8_t { proving, writing };
using OnReleaseStep =
    std::function<void(ReleaseStep step, std::uint64_t done, std::uint64_t total)>;

// The process is confined before the first byte of the list is looked at, and ends with this one.
// What it says on its way out is a stranger's: bounded words. On an error the target is no volume.
base::Result<Released> write_release(const volume::ForkableSource& medium,
                                     const ReleaseTarget& target, const ReleaseJob& job,
                                     const OnReleaseStep& on_step = {});

// As these words.
std::string format_released(const Released& released);
std::optional<Released> parse_released(std::string_view untrusted);

}  // namespace scannerqube::release
