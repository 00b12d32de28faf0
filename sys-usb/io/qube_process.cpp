// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/io/qube_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/io/files.hpp"

namespace sysusb::io {
namespace {

using base::io::Fd;

base::Status raise_locked_memory(std::uint64_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return base::io::fail_errno("getrlimit");
  if (limit.rlim_cur >= bytes) return base::Ok{};
  limit.rlim_cur = bytes;
  limit.rlim_max = std::max<rlim_t>(limit.rlim_max, bytes);
  if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
    return base::io::fail_errno("let QEMU lock its memory for VFIO",
                                "start it as root, or raise the limit: ulimit -l unlimited");
  }
  return base::Ok{};
}

// In the child, up to exec. What fails is said on stderr, which is QEMU's log by now.
base::Status become_qemu(const QemuStart& start, const Fd& output, const Fd& errors, pid_t parent) {
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return base::io::fail_errno("open /dev/null");
  if (::dup2(errors.get(), STDERR_FILENO) < 0 || ::dup2(output.get(), STDOUT_FILENO) < 0 ||
      ::dup2(nothing.get(), STDIN_FILENO) < 0) {
    return base::io::fail_errno("dup2");
  }
  for (const Fd* fd : start.inherited) {
    if (::fcntl(fd->get(), F_SETFD, 0) != 0) return base::io::fail_errno("fcntl");
  }
  if (start.locked_memory) {
    if (auto raised = raise_locked_memory(*start.locked_memory); !raised) return raised;
  }
  if (start.identity) {
    if (auto dropped = base::io::drop_identity(*start.identity); !dropped) return dropped;
  }
  // After the change of user, which clears it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return base::io::fail_errno("prctl");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::io::fail_errno("no_new_privs");
  if (::getppid() != parent) return base::fail("the supervisor is gone");
  std::vector<std::string> words = start.command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  return base::io::fail_errno("run " + start.command[0],
                              errno == ENOENT ? "install qemu-system-x86" : "");
}

// A log that never grows beyond `most`: then it starts anew, and the older half is kept beside it,
// or (no `older`) the rest is dropped.
class BoundedLog {
 public:
  enum class Full { start_anew, drop };

  BoundedLog(std::filesystem::path path, std::size_t most, Full full)
      : path_(std::move(path)), most_(most), full_(full) {}

  base::Status open() {
    file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
    size_ = 0;
    if (!file_) return base::io::fail_errno("create " + path_.string());
    return base::Ok{};
  }

  // A full disk loses text, never the qube.
  void append(std::string_view text) {
    if (size_ + text.size() > most_) {
      if (full_ == Full::drop) return;
      ::rename(path_.c_str(), (path_.string() + ".1").c_str());
      if (!open()) return;
    }
    size_ += text.size();
    if (file_ && ::write(file_.get(), text.data(), text.size()) < 0) size_ = most_;
  }

 private:
  std::filesystem::path path_;
  std::size_t most_;
  Full full_;
  Fd file_;
  std::size_t size_ = 0;
};

// True while there may be more.
bool copy_some(Fd& from, BoundedLog& to) {
  std::array<char, 4096> chunk{};
  const ssize_t got = ::read(from.get(), chunk.data(), chunk.size());
  if (got > 0) {
    to.append({chunk.data(), static_cast<std::size_t>(got)});
    return true;
  }
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) from.reset();
  return false;
}

void follow(QemuChild& qemu, BoundedLog& console, BoundedLog& errors) {
  for (;;) {
    std::array<pollfd, 3> waiting{{{.fd = qemu.process.get(), .events = POLLIN, .revents = 0},
                                   {.fd = qemu.output.get(), .events = POLLIN, .revents = 0},
                                   {.fd = qemu.errors.get(), .events = POLLIN, .revents = 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) copy_some(qemu.output, console);
    if (waiting[2].revents != 0) copy_some(qemu.errors, errors);
    // A program that QEMU started may hold its stderr open: QEMU's own end is what counts.
    if (waiting[0].revents != 0) break;
  }
  constexpr int most_rests = 64;
  for (int i = 0; i < most_rests && qemu.output && copy_some(qemu.output, console);) ++i;
  for (int i = 0; i < most_rests && qemu.errors && copy_some(qemu.errors, errors);) ++i;
}

base::Status detach_from_terminal() {
  if (::setsid() < 0) return base::io::fail_errno("setsid");
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return base::io::fail_errno("open /dev/null");
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::dup2(nothing.get(), standard) < 0) return base::io::fail_errno("dup2");
  }
  return base::Ok{};
}

base::Status supervise(const QemuStart& start, const RunFolder& folder) {
  BoundedLog console(folder.console(), max_console, BoundedLog::Full::start_anew);
  BoundedLog errors(folder.errors(), max_errors, BoundedLog::Full::drop);
  if (auto opened = console.open(); !opened) return opened;
  if (auto opened = errors.open(); !opened) return opened;
  if (auto detached = detach_from_terminal(); !detached) {
    errors.append(detached.error().text);
    return detached;
  }
  auto qemu = start_qemu(start);
  if (!qemu) {
    errors.append(qemu.error().text);
    return base::fail(qemu.error().text);
  }
  if (auto written =
          base::io::write_file_atomically(folder.pid(), std::to_string(qemu->pid) + "\n");
      !written) {
    errors.append(written.error().text);
    return written;  // and QEMU ends with this process
  }
  follow(*qemu, console, errors);
  int status = 0;
  ::waitpid(qemu->pid, &status, 0);
  ::unlink(folder.pid().c_str());
  ::unlink(folder.qmp().c_str());
  return base::Ok{};
}

}  // namespace

base::Result<QemuChild> start_qemu(const QemuStart& start) {
  auto output = base::io::pipe_pair();
  if (!output) return base::fail(output.error().text);
  auto errors = base::io::pipe_pair();
  if (!errors) return base::fail(errors.error().text);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return base::io::fail_errno("fork");
  if (pid == 0) {
    const auto failed = become_qemu(start, output->second, errors->second, parent);
    static_cast<void>(base::io::write_all(errors->second, failed.error().text + "\n"));
    ::_exit(127);
  }
  QemuChild child{.pid = pid,
                  .process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
                  .output = std::move(output->first),
                  .errors = std::move(errors->first)};
  auto ready = child.process ? base::io::set_nonblocking(child.output)
                             : base::Status(base::io::fail_errno("pidfd_open"));
  if (ready) ready = base::io::set_nonblocking(child.errors);
  if (!ready) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return base::fail(ready.error().text);
  }
  return child;
}

base::Status RunFolder::create() const {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) {
    return base::fail("make " + folder_.string() + ": " + error.message() +
                      "; run this as root, or choose another --root");
  }
  std::filesystem::permissions(folder_, std::filesystem::perms(0750), error);
  return base::Ok{};
}

base::Result<std::optional<Fd>> RunFolder::try_lock() const {
  Fd file(::open(lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file) return base::io::fail_errno("open " + lock_file().string(), "run this as root");
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return std::optional<Fd>(std::move(file));
  if (errno == EWOULDBLOCK) return std::optional<Fd>();
  return base::io::fail_errno("lock " + lock_file().string());
}

base::Result<bool> RunFolder::running() const {
  const Fd file(::open(lock_file().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    if (errno == ENOENT) return false;
    return base::io::fail_errno("open " + lock_file().string(), "run this as root");
  }
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return base::io::fail_errno("lock " + lock_file().string());
}

base::Result<pid_t> RunFolder::qemu_pid() const {
  const auto text = base::io::read_file(pid(), 32);
  if (!text) return base::fail(text.error().text);
  pid_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end == text->data() || value <= 1) {
    return base::fail(pid().string() + ": no process id in it; remove it");
  }
  return value;
}

base::Result<pid_t> start_supervised(const QemuStart& start, const RunFolder& folder, Fd lock) {
  const pid_t pid = ::fork();
  if (pid < 0) return base::io::fail_errno("fork");
  if (pid > 0) return pid;
  const auto done = supervise(start, folder);
  lock.reset();
  ::_exit(done ? 0 : 1);
}

}  // namespace sysusb::io
