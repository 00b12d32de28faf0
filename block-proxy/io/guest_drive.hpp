// SPDX-License-Identifier: GPL-2.0-or-later
// A virtio-blk drive of a running QEMU, plugged in and pulled out through its monitor.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/io/fd.hpp"
#include "base/io/qmp.hpp"
#include "block-proxy/nbd/export.hpp"

namespace blockproxy::io {

class GuestDrive {
 public:
  // `name` as the guest is to see it: the drive's serial number. Its id in QEMU has this process's
  // id as well, so that what a killed one left behind is known and removed.
  GuestDrive(std::filesystem::path monitor, const std::string& name);

  // Whether there is a QEMU that answers; removes the drives of attachers that are gone.
  base::Status look() const;
  // QEMU gets `its_end` of a socket pair, shakes hands over it with `handshake`, which is called
  // meanwhile, and the guest gets the drive: at the first free hot-pluggable port, or else on the
  // root bus. An error leaves nothing behind.
  base::Status plug(const base::io::Fd& its_end, const nbd::Export& medium,
                    const std::function<base::Status()>& handshake) const;
  // Asks the guest to let go, and waits some seconds. An error: it did not, and keeps a drive whose
  // every read fails.
  base::Status unplug() const;

 private:
  using Qmp = base::io::Qmp;
  base::Status add_node(Qmp& qmp, const base::io::Fd& its_end, const nbd::Export& medium,
                        const std::function<base::Status()>& handshake,
                        Qmp::Deadline deadline) const;
  base::Status add_device(Qmp& qmp, const nbd::Export& medium, Qmp::Deadline deadline) const;

  std::filesystem::path monitor_;
  std::string serial_;
  std::string id_;
};

}  // namespace blockproxy::io
