// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/peer_rights.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"

namespace base::io {
namespace {

std::optional<gid_t> group_id(const char* name) {
  const auto found = find_group(name);
  return found ? std::optional(*found) : std::nullopt;
}

std::vector<gid_t> groups_of(const Fd& client, gid_t primary) {
  std::vector<gid_t> groups(256);
  socklen_t size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(client.get(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) size = 0;
  groups.resize(size / sizeof(gid_t));
  groups.push_back(primary);
  return groups;
}

}  // namespace

RightGroups find_right_groups() {
  return {.all = group_id("sallyport"), .read = group_id("sallyport-view")};
}

PeerRight right_of(uid_t uid, const std::vector<gid_t>& groups, const RightGroups& right_groups,
                   uid_t daemon) {
  if (uid == 0 || uid == daemon) return PeerRight::all;
  const auto in = [&groups](const std::optional<gid_t>& id) {
    return id && std::ranges::find(groups, *id) != groups.end();
  };
  if (in(right_groups.all)) return PeerRight::all;
  return in(right_groups.read) ? PeerRight::read : PeerRight::none;
}

Peer peer_of(const Fd& client, const RightGroups& right_groups) {
  const auto peer = peer_credentials(client);
  if (!peer) return {};
  return {right_of(peer->uid, groups_of(client, peer->gid), right_groups, ::getuid()), peer->uid};
}

}  // namespace base::io
