// SPDX-License-Identifier: GPL-2.0-or-later
// A system on an encrypted disk with the initramfs that Debian's tools make for it, Sallyport's
// hooks among them.
#pragma once

#include <filesystem>
#include <string>

#include "tests/rig/machine.hpp"

namespace earlydisk {

struct EncryptedDisk {
  rig::Kernel kernel;
  std::filesystem::path disk;       // LUKS2; an ext4 in it, whose /sbin/init writes to ttyS0
  std::filesystem::path initramfs;  // asks for the passphrase at /dev/console
};

// The first lines of what /sbin/init of the disk writes, and its last.
inline const std::string root_is_open = "the root is open";
inline const std::string root_has_told = "the root has told";

// Makes both in `folder` with a machine's kernel and programs: the hooks from where an installation
// of this build puts them, early-boot.conf as given, the passphrase without characters that a
// shell or a keyboard would have to quote.
base::Result<EncryptedDisk> make_encrypted_disk(const std::filesystem::path& folder,
                                                const std::string& passphrase,
                                                const std::string& early_boot_conf);

}  // namespace earlydisk
