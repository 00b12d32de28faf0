// SPDX-License-Identifier: GPL-2.0-or-later
// One passphrase for all that is encrypted on a medium.
#pragma once

#include "scanner-qube/volume/io/examine.hpp"

namespace scannerqube::unlock {

// `passphrase`: a file in memory with it, which no process reads but the one that opens a part;
// none: nothing is opened.
volume::OpenPart open_with(base::io::Fd passphrase);
// Such a file, with all that is in another one.
base::Result<base::io::Fd> passphrase_of_file(const std::string& path);

}  // namespace scannerqube::unlock
