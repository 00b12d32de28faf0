// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/io/worker_pool.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "base/io/pass_fd.hpp"

namespace scannerqube::io {
namespace {

using base::io::Fd;

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGSYS) return "the scanner asked for what its sandbox forbids";
    return "the scanner crashed over it (signal " + std::to_string(number) + ")";
  }
  if (WEXITSTATUS(status) == exit_no_memory) return "the scanner ran out of memory over it";
  return "the scanner ended over it (code " + std::to_string(WEXITSTATUS(status)) + ")";
}

enum class Dying { yes, no };

// How it ended. One that is dying has some time to; else, or after that, it is killed.
int reap(pid_t pid, Dying dying) {
  constexpr int most_tries = 200;
  int status = 0;
  for (int tries = 0; dying == Dying::yes && tries < most_tries; ++tries) {
    if (::waitpid(pid, &status, WNOHANG) == pid) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, &status, 0);
  return status;
}

}  // namespace

WorkerPool::WorkerPool(ScanEngine& engine, PoolOptions options, OnResult on_result)
    : engine_(engine), options_(std::move(options)), on_result_(std::move(on_result)) {}

base::Result<std::unique_ptr<WorkerPool>> WorkerPool::start(ScanEngine& engine, PoolOptions options,
                                                            OnResult on_result) {
  std::unique_ptr<WorkerPool> pool(  // NOLINT: the constructor is private
      new WorkerPool(engine, std::move(options), std::move(on_result)));
  pool->workers_.resize(std::max(1U, pool->options_.workers));
  for (std::size_t i = 0; i < pool->workers_.size(); ++i) {
    pool->workers_[i].folder = pool->options_.folder / std::to_string(i);
    if (auto done = pool->spawn(pool->workers_[i]); !done) return base::Unexpected{done.error()};
  }
  return pool;
}

WorkerPool::~WorkerPool() {
  for (Worker& worker : workers_) {
    if (worker.pid <= 0) continue;
    ::kill(worker.pid, SIGKILL);
    ::waitpid(worker.pid, nullptr, 0);
    std::error_code error;
    std::filesystem::remove_all(worker.folder, error);
  }
}

base::Status WorkerPool::spawn(Worker& worker) {
  // What a dead one has left in its folder goes with it.
  std::error_code error;
  std::filesystem::remove_all(worker.folder, error);
  if (!std::filesystem::create_directory(worker.folder, error)) {
    return base::fail("make " + worker.folder.string() + ": " + error.message());
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::io::fail_errno("socketpair");
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork a scan worker");
  if (child == 0) {
    engine_.use_folder(worker.folder.string());
    run_worker(engine_, std::move(theirs), worker.folder, options_.limits);
  }
  worker.pid = child;
  worker.socket = std::move(ours);
  worker.busy = false;
  return base::Ok{};
}

WorkerPool::Worker* WorkerPool::idle() {
  const auto free = [](const Worker& worker) { return worker.pid > 0 && !worker.busy; };
  const auto found = std::ranges::find_if(workers_, free);
  return found == workers_.end() ? nullptr : &*found;
}

bool WorkerPool::any_busy() const {
  return std::ranges::any_of(workers_, [](const Worker& worker) { return worker.busy; });
}

void WorkerPool::submit(const Job& job, Fd content) {
  Worker* worker = idle();
  while (worker == nullptr && any_busy()) {
    wait_for_one();
    worker = idle();
  }
  if (worker == nullptr) return give_up(job.id, job.size, "no scan worker is left");
  worker->busy = true;
  worker->job = job.id;
  worker->size = job.size;
  worker->until = Clock::now() + options_.deadline;
  buffer_.clear();
  encode_job(job, buffer_);
  if (!base::io::send_message(worker->socket, buffer_, {&content})) lose(*worker, {});
}

void WorkerPool::finish() {
  while (any_busy()) wait_for_one();
}

void WorkerPool::wait_for_one() {
  std::vector<pollfd> fds;
  std::vector<Worker*> waiting;
  auto next = Clock::time_point::max();
  for (Worker& worker : workers_) {
    if (!worker.busy) continue;
    fds.push_back({.fd = worker.socket.get(), .events = POLLIN, .revents = 0});
    waiting.push_back(&worker);
    next = std::min(next, worker.until);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
  const int time = static_cast<int>(std::clamp<long>(left, 0, 60'000));
  if (::poll(fds.data(), fds.size(), time) < 0 && errno != EINTR) {
    for (Worker* worker : waiting) lose(*worker, "poll failed");
    return;
  }
  for (std::size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].revents != 0) {
      take_result(*waiting[i]);
    } else if (Clock::now() >= waiting[i]->until) {
      lose(*waiting[i],
           "not done within " + std::to_string(options_.deadline.count()) + " ms, and stopped");
    }
  }
}

void WorkerPool::take_result(Worker& worker) {
  const auto message = base::io::receive_message(worker.socket, max_result_message);
  if (!message || message->data.empty()) return lose(worker, {});
  const auto result = parse_result(message->data);
  const bool fits = result && result->id == worker.job && result->file.size == worker.size;
  if (!fits) return lose(worker, "the scanner's answer is none; it may have been taken over");
  worker.busy = false;
  on_result_(*result);
}

// `why` empty: how it ended tells.
void WorkerPool::lose(Worker& worker, const std::string& why) {
  ++deaths_;
  const int status = reap(std::exchange(worker.pid, -1), why.empty() ? Dying::yes : Dying::no);
  worker.socket.reset();
  const bool had_job = std::exchange(worker.busy, false);
  const JobId job = worker.job;
  if (deaths_ < options_.max_deaths && !spawn(worker)) worker.pid = -1;
  if (had_job) give_up(job, worker.size, why.empty() ? how_it_ended(status) : why);
}

void WorkerPool::give_up(JobId job, std::uint64_t size, const std::string& why) {
  JobResult result{.id = job, .file = {}};
  result.file.size = size;
  result.file.add_not_examined(why);
  on_result_(result);
}

}  // namespace scannerqube::io
