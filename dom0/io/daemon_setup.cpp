// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/daemon_setup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <thread>

#include "base/io/fd.hpp"
#include "base/io/forked.hpp"
#include "base/io/unix_socket.hpp"

namespace dom0::io {
namespace {

base::Status make_folder(const std::filesystem::path& path, unsigned mode,
                         const base::io::Identity& owner) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) return base::fail("make " + path.string() + ": " + error.message());
  if (!made) return base::Ok{};
  std::filesystem::permissions(path, std::filesystem::perms{mode}, error);
  if (::geteuid() == 0 && ::chown(path.c_str(), owner.uid, owner.gid) != 0) {
    return base::io::fail_errno("chown " + path.string());
  }
  return base::Ok{};
}

bool relay_listens(const base::io::Paths& paths) {
  return base::io::connect_unix(paths.relay_socket(), base::io::SocketType::seqpacket).has_value();
}

// Twice forked, so that init (or the service manager) is its parent and no zombie stays here.
[[noreturn]] void become_relay(const std::filesystem::path& program, const std::string& root) {
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  base::io::close_all_but({});  // Asio's sockets are not closed by exec
  const std::array<const char*, 4> arguments{program.c_str(), "--root", root.c_str(), nullptr};
  ::execv(program.c_str(), const_cast<char* const*>(arguments.data()));  // NOLINT: exec's own type
  ::_exit(127);
}

}  // namespace

base::Result<base::io::Identity> identity_of(const std::string& user) {
  unsigned uid = 0;
  const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), uid);
  if (error == std::errc{} && end == user.data() + user.size()) {
    return base::io::Identity{.uid = uid, .gid = uid, .groups = {}};
  }
  return base::io::find_identity(user);
}

base::Status make_folders(const base::io::Paths& paths, const base::io::Identity& owner) {
  struct Wanted {
    std::filesystem::path path;
    unsigned mode;
  };
  const std::array<Wanted, 7> wanted{{{paths.run(), 0755},
                                      {paths.run() / "qubes", 0711},
                                      {paths.root() / "run/qubes", 0775},
                                      {paths.runtime_policy_d(), 0775},
                                      {paths.policy_d(), 0775},
                                      {paths.state(), 0750},
                                      {paths.audit_log().parent_path(), 0750}}};
  for (const Wanted& folder : wanted) {
    if (auto made = make_folder(folder.path, folder.mode, owner); !made) return made;
  }
  // Who may only look reads the audit log by himself; what is made in there has the folder's group.
  const auto viewers = base::io::find_group("sallyport-view");
  const std::filesystem::path audit = paths.audit_log().parent_path();
  if (::geteuid() == 0 && viewers) {
    if (::chown(audit.c_str(), owner.uid, *viewers) != 0 || ::chmod(audit.c_str(), 02750) != 0) {
      return base::io::fail_errno("give " + audit.string() + " to group sallyport-view");
    }
  }
  return base::Ok{};
}

base::Status ensure_relay(const base::io::Paths& paths, const std::filesystem::path& program) {
  if (relay_listens(paths)) return base::Ok{};
  if (::access(program.c_str(), X_OK) != 0) {
    return base::io::fail_errno("the relay " + program.string(),
                                "install it, or name it with --relay");
  }
  const std::string root = paths.root().string();
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) become_relay(program, root);
  ::waitpid(child, nullptr, 0);
  for (int tries = 0; tries < 100; ++tries) {
    if (relay_listens(paths)) return base::Ok{};
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return base::fail("the relay " + program.string() + " was started but does not listen at " +
                    paths.relay_socket().string() + "; run it by hand to see why");
}

base::Status enter_daemon_sandbox(const base::io::Paths& paths) {
  using base::io::PathRight;
  std::vector<PathRight> rights;
  // Name service, libraries it loads, usb.ids; there is nothing secret below these for this user.
  for (const std::string& folder : {std::string("/etc"), std::string("/usr"), std::string("/lib"),
                                    std::string("/lib64"), paths.legacy_policy().string()}) {
    if (std::filesystem::exists(folder)) {
      rights.push_back({.path = folder, .access = PathRight::Access::read});
    }
  }
  rights.push_back({.path = paths.etc().string(), .access = PathRight::Access::read});
  // The scanner's verdicts; its folder may be made later than this.
  if (const auto state = paths.scans().parent_path(); std::filesystem::exists(state)) {
    rights.push_back({.path = state.string(), .access = PathRight::Access::read});
  }
  // What people say "always" to is written there.
  for (const auto& folder : {paths.policy_d(), paths.run(), paths.root() / "run/qubes",
                             paths.state(), paths.audit_log().parent_path()}) {
    rights.push_back({.path = folder.string(), .access = PathRight::Access::read_write});
  }
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::move(rights)};
  for (const char* name :
       {"socket", "connect", "bind", "listen", "accept4", "openat", "statx", "getdents64", "unlink",
        "chmod", "rename", "fsync", "readlink", "getuid", "geteuid", "getgid", "getegid", "dup",
        "pread64", "access", "faccessat2", "uname", "prlimit64",
        // SQLite
        "pwrite64", "fdatasync", "ftruncate", "fchmod"}) {
    sandbox.syscalls.emplace_back(name);
  }
  return base::io::enter_sandbox(sandbox);
}

}  // namespace dom0::io
