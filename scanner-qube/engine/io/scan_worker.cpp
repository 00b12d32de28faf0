// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/io/scan_worker.hpp"

#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
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
    if (size > 0) at_ = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd.get(), 0);
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

using Clock = std::chrono::steady_clock;

// The engine asks for some megabytes for each file and each part of it, and gives them back.
// Without this the C library takes them from the kernel every time, page by page: with 20,000
// logical signatures a third of all time. Large pages take another twentieth off. Where the kernel
// has none to give, nothing but time is lost.
void keep_freed_memory() {
  constexpr int kept = 256 << 20;
  constexpr std::size_t in_use = std::size_t{64} << 20U;
  constexpr std::uintptr_t large_page = std::uintptr_t{2} << 20U;
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, kept);
  ::mallopt(M_TOP_PAD, 1 << 20);
  void* first = std::malloc(in_use);  // NOLINT: to be given back at once, to where it is kept
  std::size_t left = in_use;
  if (void* aligned = first; std::align(large_page, large_page, aligned, left) != nullptr) {
    ::madvise(aligned, left - left % large_page, MADV_HUGEPAGE);
  }
  std::free(first);  // NOLINT: see above
}

// Results on their way: few messages, so that the controller is not woken for each file, and yet
// none waits while a file takes long.
class Answers {
 public:
  explicit Answers(const base::io::Fd& socket) : socket_(socket) {}

  void add(const JobResult& result) {
    if (bytes_.empty()) since_ = Clock::now();
    encode_result(result, bytes_);
    if (bytes_.size() >= results_to_tell || Clock::now() - since_ >= longest_wait) send();
  }
  void send() {
    if (bytes_.empty()) return;
    if (!base::io::send_message(socket_, bytes_)) ::_exit(0);
    bytes_.clear();
  }

 private:
  static constexpr std::chrono::milliseconds longest_wait{10};
  const base::io::Fd& socket_;
  std::vector<std::byte> bytes_;
  Clock::time_point since_;
};

JobResult do_job(ScanEngine& engine, const Mapping& files, const Job& job) {
  JobResult result{.id = job.id, .file = {}};
  if (files.good()) {
    result.file = engine.scan(files.bytes().subspan(job.offset, job.size), job.name);
  } else {
    result.file.size = job.size;
    result.file.add_not_examined("no memory to look at it");
  }
  return result;
}

// An error: the controller has said something that cannot be.
base::Status do_batch(ScanEngine& engine, const base::io::Message& message, Answers& answers) {
  const auto jobs = parse_jobs(message.data);
  if (!jobs) return base::Unexpected{jobs.error()};
  struct stat info {};
  if (message.fds.size() != 1 || ::fstat(message.fds[0].get(), &info) != 0) {
    return base::fail("scan jobs: their file is not there");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  for (const Job& job : *jobs) {
    if (job.offset > size || job.size > size - job.offset) {
      return base::fail("scan jobs: their file is too short");
    }
  }
  const Mapping files(message.fds[0], static_cast<std::size_t>(size));
  for (const Job& job : *jobs) answers.add(do_job(engine, files, job));
  answers.send();
  return base::Ok{};
}

[[noreturn]] void do_jobs(ScanEngine& engine, const base::io::Fd& socket) {
  Answers answers(socket);
  for (;;) {
    const auto message = base::io::receive_message(socket, max_jobs_message);
    if (!message || message->data.empty()) ::_exit(0);
    if (!do_batch(engine, *message, answers)) ::_exit(exit_bad_job);
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
  keep_freed_memory();
  // The child has its parent's stack behind it: nothing may unwind into that.
  try {
    do_jobs(engine, socket);
  } catch (const std::exception&) {
    ::_exit(exit_no_memory);
  }
}

}  // namespace scannerqube::io
