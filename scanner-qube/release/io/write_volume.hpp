// SPDX-License-Identifier: GPL-2.0-or-later
// Writes a released volume to a file or a device, checking every file's hash on the way.
#pragma once

#include "base/io/fd.hpp"
#include "scanner-qube/release/volume.hpp"
#include "scanner-qube/volume/io/file_source.hpp"

namespace scannerqube::release {

// In order, the first sectors last and only if every file was what the list says. On failure a
// regular file is empty and a device's first sectors are zeros: nobody takes it for a volume. `out`
// is open for writing; in a regular file zeros are holes. Of a device with more room the last bytes
// are zeroed too: what an older table or RAID left there is not part of the release.
using OnWritten = std::function<void(std::uint64_t done, std::uint64_t total)>;  // bytes
base::Status write_volume(const Volume& from, const volume::Source& medium, const base::io::Fd& out,
                          const OnWritten& on_written = {});

// From now on the process can only read `medium` and what else it has open, and write: no files, no
// sockets. Before the first byte of a list is looked at; fails closed. Also where `out` is a device
// whose sectors are not the volume's 512 bytes: no kernel would mount it there.
base::Status confine_writer(const volume::ForkableSource& medium, const base::io::Fd& out);

}  // namespace scannerqube::release
