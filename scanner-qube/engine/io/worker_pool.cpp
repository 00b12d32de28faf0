// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/io/worker_pool.hpp"

#include <fcntl.h>
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
  auto ends = base::io::message_pair();
  if (!ends) return base::Unexpected{ends.error()};
  auto& [ours, theirs] = *ends;
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork a scan worker");
  if (child == 0) {
    engine_.use_folder(worker.folder.string());
    run_worker(engine_, std::move(theirs), worker.folder, options_.limits);
  }
  worker.pid = child;
  worker.socket = std::move(ours);
  return base::Ok{};
}

bool WorkerPool::Batch::small() const {
  constexpr std::uint64_t limit = std::uint64_t{1} << 20U;
  const Job& last = jobs.back();  // submit() takes no empty ones
  return last.offset + last.size <= limit;
}

// One with nothing to do, or else one that is soon done: nobody is to wait for this process.
WorkerPool::Worker* WorkerPool::room_for(const Batch& batch) {
  const auto idle = [](const Worker& worker) { return worker.pid > 0 && !worker.busy(); };
  const auto soon = [&batch](const Worker& worker) {
    return worker.pid > 0 && worker.batches.size() == 1 && worker.batches.front().small() &&
           batch.small();
  };
  auto found = std::ranges::find_if(workers_, idle);
  if (found == workers_.end()) found = std::ranges::find_if(workers_, soon);
  return found == workers_.end() ? nullptr : &*found;
}

bool WorkerPool::any_busy() const {
  return std::ranges::any_of(workers_, [](const Worker& worker) { return worker.busy(); });
}

void WorkerPool::submit(std::vector<Job> jobs, Fd content) {
  give_again();
  give({.jobs = std::move(jobs), .content = std::move(content)});
}

void WorkerPool::give(Batch batch) {
  Worker* worker = room_for(batch);
  while (worker == nullptr && any_busy()) {
    wait_for_one();
    worker = room_for(batch);
  }
  if (worker == nullptr) {
    for (const Job& job : batch.jobs) give_up(job, "no scan worker is left");
    return;
  }
  if (!worker->busy()) worker->until = Clock::now() + options_.deadline;
  buffer_.clear();
  encode_jobs(batch.jobs, buffer_);
  worker->batches.push_back(std::move(batch));
  const Fd& content = worker->batches.back().content;
  if (!base::io::send_message(worker->socket, buffer_, {&content})) lose(*worker, {});
}

void WorkerPool::give_again() {
  while (!again_.empty()) {
    Batch batch = std::move(again_.front());
    again_.pop_front();
    give(std::move(batch));
  }
}

void WorkerPool::finish() {
  while (any_busy() || !again_.empty()) {
    give_again();
    if (any_busy()) wait_for_one();
  }
}

void WorkerPool::wait_for_one() {
  std::vector<pollfd> fds;
  std::vector<Worker*> waiting;
  auto next = Clock::time_point::max();
  for (Worker& worker : workers_) {
    if (!worker.busy()) continue;
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
      take_results(*waiting[i]);
    } else if (Clock::now() >= waiting[i]->until) {
      lose(*waiting[i],
           "not done within " + std::to_string(options_.deadline.count()) + " ms, and stopped");
    }
  }
}

void WorkerPool::take_results(Worker& worker) {
  const auto message = base::io::receive_message(worker.socket, max_results_message);
  if (!message || message->data.empty()) return lose(worker, {});
  const auto results = parse_results(message->data);
  const auto fits = [this, &worker](const JobResult& result) { return take(worker, result); };
  if (!results || !std::ranges::all_of(*results, fits)) {
    return lose(worker, "the scanner's answer is none; it may have been taken over");
  }
  worker.until = Clock::now() + options_.deadline;
}

bool WorkerPool::take(Worker& worker, const JobResult& result) {
  if (!worker.busy()) return false;
  const auto& jobs = worker.batches.front().jobs;
  const Job& job = jobs[worker.answered];  // the last one answered ends the batch, below
  if (result.id != job.id || result.file.size != job.size) return false;
  if (++worker.answered == jobs.size()) {
    worker.batches.pop_front();
    worker.answered = 0;
  }
  on_result_(result);
  return true;
}

// `why` empty: how it ended tells.
void WorkerPool::lose(Worker& worker, const std::string& why) {
  ++deaths_;
  const int status = reap(std::exchange(worker.pid, -1), why.empty() ? Dying::yes : Dying::no);
  worker.socket.reset();
  std::deque<Batch> batches = std::exchange(worker.batches, {});
  const std::size_t answered = std::exchange(worker.answered, 0);
  if (deaths_ < options_.max_deaths && !spawn(worker)) worker.pid = -1;
  if (batches.empty()) return;
  blame(std::move(batches.front()), answered, why.empty() ? how_it_ended(status) : why);
  batches.pop_front();
  for (Batch& untouched : batches) again_.push_back(std::move(untouched));
}

// A file that was alone with its worker did it. Of several nobody knows which: each gets a worker
// once more, alone.
void WorkerPool::blame(Batch batch, std::size_t from, const std::string& why) {
  const std::size_t left = batch.jobs.size() - from;
  for (std::size_t i = from; i < batch.jobs.size(); ++i) {
    Fd content(left == 1 ? -1 : ::fcntl(batch.content.get(), F_DUPFD_CLOEXEC, 0));
    if (!content) {
      give_up(batch.jobs[i], why);
    } else {
      Batch alone;
      alone.jobs.push_back(std::move(batch.jobs[i]));
      alone.content = std::move(content);
      again_.push_back(std::move(alone));
    }
  }
}

void WorkerPool::give_up(const Job& job, const std::string& why) {
  JobResult result{.id = job.id, .file = {}};
  result.file.size = job.size;
  result.file.add_not_examined(why);
  on_result_(result);
}

}  // namespace scannerqube::io
