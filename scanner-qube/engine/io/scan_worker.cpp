// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/io/scan_worker.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "base/io/forked.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/sandbox.hpp"
#include "scanner-qube/engine/scan_job.hpp"

namespace scannerqube::io {
namespace {

class Mapping {
 public:
  Mapping(const base::io::Fd& fd, std::size_t size) : size_(size) {
    if (size > 0) at_ = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  }
  ~Mapping() {
    if (good() && size_ > 0) ::munmap(at_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  bool good() const { return at_ != MAP_FAILED; }
  base::wire::Bytes bytes() const { return {static_cast<const std::byte*>(at_), size_}; }

 private:
  void* at_ = nullptr;
  std::size_t size_;
};

base::Status enter_worker_sandbox(const base::io::Fd& socket, const std::filesystem::path& folder,
                                  const WorkerLimits& limits) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_DUMPABLE, 0);
  // The medium, other files and other workers' ends are its parent's.
  base::io::close_all_but({socket.get()});
  const auto mapped = base::io::mapped_bytes();
  if (!mapped) return base::Unexpected{mapped.error()};
  for (const auto& [what, value] : {std::pair<int, std::uint64_t>{RLIMIT_CORE, 0},
                                    {RLIMIT_FSIZE, limits.file},
                                    {RLIMIT_AS, *mapped + limits.memory}}) {
    if (auto done = base::io::limit_resource(what, value); !done) return done;
  }
  base::io::Sandbox sandbox{
      .syscalls = {"recvmsg",         "sendmsg",  "openat",       "pread64",  "newfstatat", "lseek",
                   "mkdir",           "unlink",   "rmdir",        "chmod",    "getdents64", "dup",
                   "ftruncate",       "pwrite64", "fcntl",        "unlinkat", "access",     "stat",
                   "getcwd",          "rename",   "fchmod",       "sysinfo",  "prlimit64",  "umask",
                   "clock_nanosleep", "times",    "gettimeofday", "getpid",   "readlink"},
      .paths = std::vector<base::io::PathRight>{
          {folder.string(), base::io::PathRight::Access::read_write}}};
  return base::io::enter_sandbox(sandbox);
}

// The job's result; nothing: the controller has said something that cannot be.
base::Status do_job(ScanEngine& engine, const base::io::Message& message,
                    std::vector<std::byte>& answer) {
  const auto job = parse_job(message.data);
  if (!job) return base::Unexpected{job.error()};
  struct stat info {};
  if (message.fds.size() != 1 || ::fstat(message.fds[0].get(), &info) != 0 ||
      static_cast<std::uint64_t>(info.st_size) < job->size) {
    return base::fail("scan job: its file is not there");
  }
  JobResult result{.id = job->id, .file = {}};
  if (const Mapping file(message.fds[0], static_cast<std::size_t>(job->size)); file.good()) {
    result.file = engine.scan(file.bytes(), job->name);
  } else {
    result.file.size = job->size;
    result.file.add_not_examined("no memory to look at it");
  }
  encode_result(result, answer);
  return base::Ok{};
}

[[noreturn]] void do_jobs(ScanEngine& engine, const base::io::Fd& socket) {
  std::vector<std::byte> answer;
  for (;;) {
    const auto message = base::io::receive_message(socket, max_job_message);
    if (!message || message->data.empty()) ::_exit(0);
    answer.clear();
    if (!do_job(engine, *message, answer)) ::_exit(exit_bad_job);
    if (!base::io::send_message(socket, answer)) ::_exit(0);
  }
}

}  // namespace

void run_worker(ScanEngine& engine, base::io::Fd socket, const std::filesystem::path& folder,
                const WorkerLimits& limits) {
  if (const auto inside = enter_worker_sandbox(socket, folder, limits); !inside) {
    const std::string why = "scan worker: " + inside.error().text + "\n";
    // Whether or not anybody reads it, the worker ends.
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, why.data(), why.size());
    ::_exit(exit_no_sandbox);
  }
  // The child has its parent's stack behind it: nothing may unwind into that.
  try {
    do_jobs(engine, socket);
  } catch (const std::exception&) {
    ::_exit(exit_no_memory);
  }
}

}  // namespace scannerqube::io
