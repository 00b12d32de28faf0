// SPDX-License-Identifier: GPL-2.0-or-later
// What a process may still do once it has opened what it needs: user, privileges, files, system
// calls.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace base::io {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};
// Looks a user up in the passwd and group databases.
Result<Identity> find_identity(const std::string& user);
Result<gid_t> find_group(const std::string& name);
// Gives up root for good (groups, gid, uid, in this order, and checks that root cannot come back).
// A process that is not root keeps the identity it has and succeeds only if it is already `to`.
Status drop_identity(const Identity& to);

// Landlock (kernel 5.13): what stays reachable below these folders or files; all else is denied.
struct PathRight {
  std::string path;
  // The last: what is there may be opened for writing, but nothing made or removed.
  enum class Access { read, read_write, read_write_files } access = Access::read;
};

struct Sandbox {
  // System calls that stay legal, by name. Anything else kills the process. Always added: those
  // that every C++ program needs to run and to end (see sandbox.cpp).
  std::vector<std::string> syscalls;
  // Those that fail with EPERM instead: a library tries them and can do without.
  std::vector<std::string> refused = {};
  // More threads of this process, and no other process.
  bool threads = false;
  // Files reachable from now on; nullopt leaves file access to `syscalls` alone.
  std::optional<std::vector<PathRight>> paths;
};

// no_new_privs, then Landlock, then seccomp. Fails closed: any layer that cannot be put on is an
// error, and the caller must end. Whole process: call it before threads start.
Status enter_sandbox(const Sandbox& sandbox);

// The names every asio daemon of ours needs: epoll, eventfd, timerfd, sockets it already has.
std::vector<std::string> event_loop_syscalls();

}  // namespace base::io
