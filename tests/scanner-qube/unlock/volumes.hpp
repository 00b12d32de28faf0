// SPDX-License-Identifier: GPL-2.0-or-later
// Encrypted volumes: of LUKS as QEMU and cryptsetup make them, of VeraCrypt and BitLocker, which
// nothing in Debian makes, as their formats are described.
#pragma once

#include <string>

#include "tests/fakes/folder.hpp"

namespace tests {

inline const std::string passphrase = "correct horse";

// A file with a passphrase, without the end of a line.
std::string passphrase_file(const Folder& folder, const std::string& text = passphrase);

// LUKS1 by qemu-img. `options`: of -o, as ",cipher-mode=cbc,ivgen-alg=plain64".
std::string luks1_of(const Folder& folder, const std::string& plain,
                     const std::string& options = "");
// LUKS2 by cryptsetup, which encrypts the image in its place. `options`: of cryptsetup reencrypt.
std::string luks2_of(const Folder& folder, const std::string& plain,
                     const std::string& options =
                         "--sector-size 512 --pbkdf pbkdf2 "
                         "--pbkdf-force-iterations 1000");
std::string veracrypt_of(const Folder& folder, const std::string& plain);
// The bytes that BitLocker has its own in are zeros in what it shows: `shown` gets that.
enum class BitlockerCipher { xts, cbc };
std::string bitlocker_of(const Folder& folder, const std::string& plain, BitlockerCipher cipher,
                         std::string& shown);

}  // namespace tests
