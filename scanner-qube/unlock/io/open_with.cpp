// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/io/open_with.hpp"

#include <algorithm>

#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"
#include "scanner-qube/unlock/io/decrypted_source.hpp"
#include "scanner-qube/unlock/io/opener.hpp"

namespace scannerqube::unlock {

volume::OpenPart open_with(base::io::Fd passphrase) {
  if (!passphrase) return {};
  // A function can be copied, a descriptor cannot.
  const auto shared = std::make_shared<const base::io::Fd>(std::move(passphrase));
  return [shared](const volume::ForkableSource& medium, const volume::Range& place,
                  volume::FileSystem kind,
                  std::chrono::steady_clock::time_point until) -> base::Result<volume::OpenedPart> {
    OpenerLimits limits = limits_here();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    limits.time = std::min(limits.time, left);
    auto unlocked = open_volume(medium, place, kind, *shared, limits);
    if (!unlocked) return base::Unexpected{unlocked.error()};
    const volume::Range plain{.offset = place.offset + unlocked->plain.offset,
                              .length = unlocked->plain.length};
    auto source = DecryptedSource::make(medium, place, *std::move(unlocked));
    if (!source) return base::Unexpected{source.error()};
    return volume::OpenedPart{.medium = *std::move(source), .plain = plain};
  };
}

base::Result<base::io::Fd> passphrase_of_file(const std::string& path) {
  auto text = base::io::read_file(path, max_passphrase);
  if (!text) return base::Unexpected{text.error()};
  auto file = base::io::sealed_copy(base::wire::as_bytes(*text));
  wipe(*text);
  return file;
}

}  // namespace scannerqube::unlock
