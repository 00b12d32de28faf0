// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/peer_rights.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

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

Peer peer_of(const Fd& client, const RightGroups& right_groups) {
  const auto peer = peer_credentials(client);
  if (!peer) return {};
  if (peer->uid == 0 || peer->uid == ::getuid()) return {PeerRight::all, peer->uid};
  const std::vector<gid_t> groups = groups_of(client, peer->gid);
  const auto in = [&groups](const std::optional<gid_t>& id) {
    return id && std::ranges::find(groups, *id) != groups.end();
  };
  if (in(right_groups.all)) return {PeerRight::all, peer->uid};
  return {in(right_groups.read) ? PeerRight::read : PeerRight::none, peer->uid};
}

}  // namespace base::io
