// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/io/desk.hpp"

#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "base/io/pass_fd.hpp"
#include "base/io/peer_rights.hpp"
#include "base/io/refusal.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "base/sign/io/key_files.hpp"
#include "scanner-qube/desk/io/kept_case.hpp"
#include "scanner-qube/desk/io/scan_case.hpp"

namespace scannerqube::desk {
namespace {

namespace fs = std::filesystem;
using base::io::Fd;

constexpr std::size_t max_cases = 8;
constexpr int request_limit_ms = 5000;

void answer(const Fd& client, const std::string& text) {
  base::io::say_last(client, std::string_view(text).substr(0, 1024));
}

// From the file alone: name services load libraries and ask daemons, which the sandbox forbids.
std::string name_of_user(uid_t uid) {
  std::string number = "uid " + std::to_string(uid);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(::fopen("/etc/passwd", "re"), &::fclose);
  if (!file) return number;
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  while (::fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0) {
    if (entry.pw_uid == uid) return std::string(entry.pw_name) + " (" + number + ")";
  }
  return number;
}

class Desk {
 public:
  Desk(const base::io::Paths& paths, base::sign::KeyPair key, const base::io::Log& log)
      : paths_(paths), key_(std::move(key)), log_(log), groups_(base::io::find_right_groups()) {}

  base::Status serve(const Fd& signals, const Fd& listening);

 private:
  void accept(const Fd& listening);
  // `passphrase`: nullptr, or what came with the request.
  [[noreturn]] void work(const Fd& client, const DeskRequest& request, const Fd* passphrase,
                         uid_t uid);
  bool stopped(const Fd& signals);

  const base::io::Paths& paths_;
  base::sign::KeyPair key_;
  const base::io::Log& log_;
  base::io::RightGroups groups_;
  std::size_t cases_ = 0;
};

base::Status Desk::serve(const Fd& signals, const Fd& listening) {
  log_.info("ready", {{"key", key_.public_key().id()}});
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{signals.get(), POLLIN, 0},
                                  pollfd{listening.get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[0].revents != 0 && stopped(signals)) return base::Ok{};
    if (waiting[1].revents != 0) accept(listening);
  }
}

bool Desk::stopped(const Fd& signals) {
  signalfd_siginfo which{};
  const bool whole = ::read(signals.get(), &which, sizeof(which)) == sizeof(which);
  while (::waitpid(-1, nullptr, WNOHANG) > 0) --cases_;
  return whole && which.ssi_signo != SIGCHLD;
}

void Desk::accept(const Fd& listening) {
  const Fd client(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return;
  const base::io::Peer peer = base::io::peer_of(client, groups_);
  if (peer.right != base::io::PeerRight::all) {
    return answer(client, "failed you may not: be in group sallyport");
  }
  if (cases_ >= max_cases) return answer(client, "failed too many scans at once; try again later");
  pollfd asks{.fd = client.get(), .events = POLLIN, .revents = 0};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return answer(client, "failed no process for it; try again later");
  if (child > 0) {
    ++cases_;
    return;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  // In the child: one that connects and says nothing stops nobody.
  if (::poll(&asks, 1, request_limit_ms) <= 0) ::_exit(1);
  const auto message = base::io::receive_message(client, max_desk_request);
  if (!message) ::_exit(1);
  const auto request = parse_desk_request(base::wire::as_text(message->data));
  if (!request) {
    answer(client, "failed " + request.error().text);
    ::_exit(1);
  }
  if (message->fds.size() != (request->passphrase ? 1U : 0U)) {
    answer(client, "failed a file comes with a request that has a passphrase, and with no other");
    ::_exit(1);
  }
  work(client, *request, request->passphrase ? &message->fds.front() : nullptr, peer.uid);
}

void Desk::work(const Fd& client, const DeskRequest& request, const Fd* passphrase, uid_t uid) {
  if (request.verb != DeskRequest::Verb::scan) {
    log_.notice("kept", {{"request", format_request(request)}, {"asked_by", std::to_string(uid)}});
    const auto done = KeptCase(paths_, key_, client).run(request);
    if (!done) answer(client, "failed " + done.error().text);
    ::_exit(0);
  }
  log_.notice("scan", {{"snapshot", request.snapshot},
                       {"device", request.device},
                       {"remember", request.medium ? "yes" : "no"},
                       {"passphrase", request.passphrase ? "yes" : "no"},
                       {"asked_by", std::to_string(uid)}});
  ScanCase(paths_, key_, log_,
           {.socket = client, .who = name_of_user(uid), .passphrase = passphrase})
      .run(request);
  ::_exit(0);
}

base::Result<Fd> watch_signals() {
  sigset_t watched{};
  ::sigemptyset(&watched);
  for (const int each : {SIGTERM, SIGINT, SIGCHLD}) ::sigaddset(&watched, each);
  ::sigprocmask(SIG_BLOCK, &watched, nullptr);
  Fd signals(::signalfd(-1, &watched, SFD_CLOEXEC));
  if (!signals) return base::io::fail_errno("signalfd");
  return signals;
}

// The process that parses what a scanner qube says holds the key: files of its own and sockets, and
// nothing else.
base::Status give_up_rights(const base::io::Paths& paths) {
  std::error_code error;
  if (!fs::exists(paths.scan_db(), error)) {
    return base::fail("there is no folder " + paths.scan_db().string() +
                      ": 'sallyport db import' makes it, and so does systemd-tmpfiles --create");
  }
  using Access = base::io::PathRight::Access;
  base::io::Sandbox sandbox{
      .syscalls = base::io::event_loop_syscalls(),
      .paths = std::vector<base::io::PathRight>{{paths.scans().string(), Access::read_write},
                                                {paths.scan_db().string(), Access::read},
                                                {"/etc", Access::read}}};
  for (const char* name :
       {"accept4",   "accept",     "clone",      "clone3",       "wait4",     "waitid",
        "prctl",     "openat",     "readlink",   "readlinkat",   "rename",    "fsync",
        "fdatasync", "unlink",     "unlinkat",   "memfd_create", "ftruncate", "fchmod",
        "socket",    "socketpair", "connect",    "getppid",      "geteuid",   "getuid",
        "pread64",   "access",     "faccessat2", "statx",        "getdents64"}) {
    sandbox.syscalls.emplace_back(name);
  }
  return base::io::enter_sandbox(sandbox);
}

}  // namespace

const char* const desk_usage =
    "usage: sallyport-scans [--root DIR] [--key SECRET]\n"
    "Has media scanned, and signs what was found.\n"
    "  --key SECRET  /etc/sallyport/scan.key if not given; 'sallyport scan key' makes one\n"
    "  --root DIR    run/sallyport-scan and var/lib/sallyport-scan are below it\n";

base::Result<DeskOptions> DeskOptions::parse(const std::vector<std::string>& words) {
  DeskOptions options;
  std::filesystem::path* value = nullptr;  // of the option before
  for (const std::string& word : words) {
    if (value != nullptr) {
      *value = word;
      value = nullptr;
    } else if (word == "--help") {
      options.help = true;
      return options;
    } else if (word == "--root") {
      value = &options.root;
    } else if (word == "--key") {
      value = &options.key;
    } else {
      return base::fail("unknown option " + word);
    }
  }
  if (value != nullptr) return base::fail(words.back() + " needs a value");
  return options;
}

base::Status run_desk(const DeskOptions& options, const base::io::Log& log) {
  const base::io::Paths paths(options.root);
  auto key =
      base::sign::io::read_secret_key(options.key.empty() ? paths.etc() / "scan.key" : options.key);
  if (!key) return base::fail(key.error().text + "; 'sallyport scan key' makes one");
  for (const fs::path& folder : {KeptReports::folder_in(paths), Remembered::folder_in(paths),
                                 paths.scan_verdicts(), paths.scan_socket().parent_path()}) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return base::fail("create " + folder.string() + ": " + error.message());
  }
  // Names of files are in reports; verdicts are for the daemon too, which is another user.
  if (::chmod(KeptReports::folder_in(paths).c_str(), 0750) != 0 ||
      ::chmod(Remembered::folder_in(paths).c_str(), 0750) != 0 ||
      ::chmod(paths.scan_verdicts().c_str(), 0755) != 0) {
    return base::io::fail_errno("set the rights of " + paths.scans().string());
  }
  const auto signals = watch_signals();
  if (!signals) return base::Unexpected{signals.error()};
  const auto listening = base::io::listen_unix(
      paths.scan_socket(), 0666, base::io::SocketType::seqpacket, base::io::Blocking::no);
  if (!listening) return base::Unexpected{listening.error()};
  Desk desk(paths, *std::move(key), log);
  if (auto given = give_up_rights(paths); !given) return given;
  return desk.serve(*signals, *listening);
}

}  // namespace scannerqube::desk
