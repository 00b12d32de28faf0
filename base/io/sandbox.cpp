// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/sandbox.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/io/fd.hpp"

// g++ and clang each have their own way to say which sanitizer is in.
#if defined(__SANITIZE_ADDRESS__)
#define SALLYPORT_ASAN
#elif defined(__SANITIZE_THREAD__)
#define SALLYPORT_TSAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SALLYPORT_ASAN
#elif __has_feature(thread_sanitizer)
#define SALLYPORT_TSAN
#endif
#endif
#if defined(SALLYPORT_ASAN)
namespace {
bool in_sandbox = false;
}
// The leak check at exit traces the process with ptrace and reads /proc: what a sandbox is there to
// forbid. Sandboxed programs go without; their libraries are checked for leaks by the unit tests.
extern "C" int __lsan_is_turned_off();   // NOLINT: the runtime's name; declared by no header
extern "C" int __lsan_is_turned_off() {  // NOLINT
  return in_sandbox ? 1 : 0;
}
#endif

namespace base::io {
namespace {

// What a sanitizer's runtime calls behind the program's back, so that it can report, and (TSan's
// own thread, which each forked child starts anew) keep time.
#if defined(SALLYPORT_ASAN) || defined(SALLYPORT_TSAN)
constexpr std::array sanitizer_calls{"openat",       "readlink", "prlimit64", "sched_getaffinity",
                                     "mincore",      "getuid",   "kill",      "uname",
                                     "gettimeofday", "pipe2",    "ioctl"};
#else
constexpr std::array<const char*, 0> sanitizer_calls{};
#endif

// Memory, threads' futexes, time, signals' return, exit, and writing the reason to stderr.
constexpr std::array always_allowed{"read",
                                    "write",
                                    "readv",
                                    "writev",
                                    "close",
                                    "brk",
                                    "mmap",
                                    "munmap",
                                    "mremap",
                                    "mprotect",
                                    "madvise",
                                    "futex",
                                    "exit",
                                    "exit_group",
                                    "rt_sigreturn",
                                    "rt_sigprocmask",
                                    "rt_sigaction",
                                    "sigaltstack",
                                    "gettid",
                                    "getpid",
                                    "tgkill",
                                    "clock_gettime",
                                    "clock_nanosleep",
                                    "nanosleep",
                                    "restart_syscall",
                                    "getrandom",
                                    "sched_yield",
                                    "fstat",
                                    "newfstatat",
                                    "lseek",
                                    "rseq",
                                    "set_robust_list"};

Status put_on_seccomp(const Sandbox& sandbox) {
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(
      seccomp_init(SCMP_ACT_KILL_PROCESS), &seccomp_release);
  if (!filter) return fail("seccomp: no memory for the filter");
  const auto answer = [&filter](const char* name, std::uint32_t action) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return false;
    return seccomp_rule_add(filter.get(), action, number, 0) == 0;
  };
  const auto allow = [&answer](const char* name) { return answer(name, SCMP_ACT_ALLOW); };
  for (const char* name : always_allowed) {
    if (!allow(name)) return fail(std::string("seccomp: cannot allow ") + name);
  }
  for (const char* name : sanitizer_calls) {
    if (!allow(name)) return fail(std::string("seccomp: cannot allow ") + name);
  }
  for (const std::string& name : sandbox.syscalls) {
    if (!allow(name.c_str())) return fail("seccomp: cannot allow " + name);
  }
  for (const std::string& name : sandbox.refused) {
    if (!answer(name.c_str(), SCMP_ACT_ERRNO(EPERM))) return fail("seccomp: cannot refuse " + name);
  }
  if (sandbox.threads) {
    // clone3 hides its flags from the filter; without it glibc takes clone.
    const scmp_arg_cmp of_thread{
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = CLONE_THREAD};
    if (!answer("clone3", SCMP_ACT_ERRNO(ENOSYS)) ||
        seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &of_thread) != 0) {
      return fail("seccomp: cannot allow threads");
    }
  }
  if (const int error = seccomp_load(filter.get()); error != 0) {
    return Unexpected<Error>{
        system_error("seccomp load", -error, "the kernel needs CONFIG_SECCOMP_FILTER")};
  }
  return Ok{};
}

long landlock_abi() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

constexpr std::uint64_t file_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t file_write = LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr std::uint64_t folder_read = LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t folder_write =
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

Status add_path(const Fd& ruleset, const PathRight& right) {
  const Fd parent(::open(right.path.c_str(), O_PATH | O_CLOEXEC));
  if (!parent) return fail_errno("landlock: open " + right.path);
  struct stat info {};
  if (::fstat(parent.get(), &info) != 0) return fail_errno("landlock: stat " + right.path);
  const bool write = right.access != PathRight::Access::read;
  const bool change = right.access == PathRight::Access::read_write;
  landlock_path_beneath_attr rule{};
  rule.parent_fd = parent.get();
  rule.allowed_access = file_read | (write ? file_write : 0);
  if (S_ISDIR(info.st_mode)) rule.allowed_access |= folder_read | (change ? folder_write : 0);
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return fail_errno("landlock: rule for " + right.path);
  }
  return Ok{};
}

Status put_on_landlock(const std::vector<PathRight>& paths) {
  if (landlock_abi() < 1) {
    return fail_errno("landlock",
                      "the kernel needs Landlock (CONFIG_SECURITY_LANDLOCK, and landlock in lsm=)");
  }
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = file_read | file_write | folder_read | folder_write;
  const Fd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0)));
  if (!ruleset) return fail_errno("landlock: create ruleset");
  for (const PathRight& right : paths) {
    if (auto added = add_path(ruleset, right); !added) return added;
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return fail_errno("landlock: restrict");
  }
  return Ok{};
}

}  // namespace

Result<Identity> find_identity(const std::string& user) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return fail("no user '" + user + "'" +
                (error != 0 ? ": " + system_error("getpwnam", error).text : "; create it first"));
  }
  Identity identity{.uid = entry.pw_uid, .gid = entry.pw_gid, .groups = {}};
  std::array<gid_t, 64> groups{};
  int count = static_cast<int>(groups.size());
  if (::getgrouplist(user.c_str(), entry.pw_gid, groups.data(), &count) < 0) {
    return fail("user '" + user + "' is in more than 64 groups");
  }
  identity.groups.assign(groups.begin(), groups.begin() + count);
  return identity;
}

Result<gid_t> find_group(const std::string& name) {
  std::array<char, 16384> buffer{};
  group entry{};
  group* found = nullptr;
  const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return entry.gr_gid;
  return fail("no group '" + name + "'" +
              (error != 0 ? ": " + system_error("getgrnam", error).text : "; create it first"));
}

Status drop_identity(const Identity& to) {
  if (::geteuid() != 0) {
    if (::geteuid() == to.uid) return Ok{};
    return fail("cannot become uid " + std::to_string(to.uid) + ": not started as root");
  }
  if (::setgroups(to.groups.size(), to.groups.data()) != 0) return fail_errno("setgroups");
  if (::setresgid(to.gid, to.gid, to.gid) != 0) return fail_errno("setresgid");
  if (::setresuid(to.uid, to.uid, to.uid) != 0) return fail_errno("setresuid");
  if (to.uid != 0 && ::setuid(0) == 0)
    return fail("root came back after setresuid; refusing to go on");
  return Ok{};
}

Status enter_sandbox(const Sandbox& sandbox) {
#if defined(SALLYPORT_ASAN)
  in_sandbox = true;
#endif
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("no_new_privs");
  if (sandbox.paths) {
    if (auto done = put_on_landlock(*sandbox.paths); !done) return done;
  }
  return put_on_seccomp(sandbox);
}

std::vector<std::string> event_loop_syscalls() {
  return {"epoll_create1",  "epoll_ctl",       "epoll_wait",  "epoll_pwait", "eventfd2",
          "timerfd_create", "timerfd_settime", "poll",        "ppoll",       "recvmsg",
          "sendmsg",        "recvfrom",        "sendto",      "shutdown",    "getsockopt",
          "setsockopt",     "getsockname",     "getpeername", "fcntl",       "ioctl",
          "pipe2"};
}

}  // namespace base::io
