// SPDX-License-Identifier: GPL-2.0-or-later
// What a local client of a daemon of dom0 may do: from the kernel, never from its request.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "base/io/fd.hpp"

namespace base::io {

// Root, the daemon's own user and group `sallyport` all, group `sallyport-view` reading only
// (docs/protocol.md 6).
enum class PeerRight { none, read, all };

struct Peer {
  PeerRight right = PeerRight::none;
  uid_t uid = 0;
};

// The groups that give these rights; one that does not exist has no members. Looked up once, before
// the sandbox: name services open files and sockets of their own.
struct RightGroups {
  std::optional<gid_t> all;   // sallyport
  std::optional<gid_t> read;  // sallyport-view
};
RightGroups find_right_groups();

// Of a user in these groups, asking a daemon of the user `daemon`.
PeerRight right_of(uid_t uid, const std::vector<gid_t>& groups, const RightGroups& right_groups,
                   uid_t daemon);
// By SO_PEERCRED and SO_PEERGROUPS, as recorded when the peer connected.
Peer peer_of(const Fd& client, const RightGroups& groups);

}  // namespace base::io
