// SPDX-License-Identifier: GPL-2.0-or-later
// Opens an encrypted volume with a passphrase: libcryptsetup reads its header and derives the key,
// in a process that can do nothing else and is believed nothing.
#pragma once

#include <chrono>

#include "scanner-qube/unlock/unlocked.hpp"
#include "scanner-qube/volume/io/file_source.hpp"
#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::unlock {

struct OpenerLimits {
  // A key derivation (Argon2, up to 4 GiB) may take; a volume that asks for more is refused.
  std::uint64_t memory = std::uint64_t{1} << 30U;
  // Whoever waits for the scan hears nothing meanwhile.
  std::chrono::milliseconds time{120'000};
};
// What this machine has to spare now.
OpenerLimits limits_here();

// `passphrase`: a file in memory. LUKS1 and LUKS2, BitLocker, and for FileSystem::random TrueCrypt
// and VeraCrypt, the hidden volume last. An error says why it is not open. Blocks; starts a
// process.
base::Result<Unlocked> open_volume(const volume::ForkableSource& medium, volume::Range place,
                                   volume::FileSystem kind, const base::io::Fd& passphrase,
                                   const OpenerLimits& limits);

}  // namespace scannerqube::unlock
