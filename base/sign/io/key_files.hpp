// SPDX-License-Identifier: GPL-2.0-or-later
// Files with signing keys: the secret one is its owner's alone.
#pragma once

#include <filesystem>

#include "base/sign/ed25519.hpp"

namespace base::sign::io {

// A new pair: the secret key in `path` (0600), the public one beside it in `path`.pub (0644). What
// is there already is never written over.
Result<PublicKey> make_key_files(const std::filesystem::path& path);
// The same with another place for the public key.
Result<PublicKey> make_key_files(const std::filesystem::path& secret_path,
                                 const std::filesystem::path& public_path);
// Refused where somebody else could have read or put it: not ours or root's, open to group or
// others, not a regular file.
Result<KeyPair> read_secret_key(const std::filesystem::path& path);
Result<PublicKey> read_public_key(const std::filesystem::path& path);

}  // namespace base::sign::io
