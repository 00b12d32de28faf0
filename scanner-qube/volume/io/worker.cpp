// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/worker.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/io/files.hpp"
#include "scanner-qube/volume/io/worker_child.hpp"

namespace scannerqube::volume {

using Clock = std::chrono::steady_clock;

namespace {

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) == out_of_memory) return "ran out of memory";
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

base::Result<std::unique_ptr<Worker>> Worker::start(const ForkableSource& source, const Job& job,
                                                    const WorkerLimits& limits, std::string name) {
  auto answers = base::io::pipe_pair();
  if (!answers) return base::Unexpected{answers.error()};
  auto requests = base::io::pipe_pair();
  if (!requests) return base::Unexpected{requests.error()};
  std::unique_ptr<Worker> worker(new Worker(std::move(name), limits));
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) {
    answers->first.reset();
    requests->second.reset();
    run_worker(source, job, limits,
               {.parent = parent, .answers = answers->second, .requests = requests->first});
  }
  worker->pid_ = child;
  worker->answers_ = std::move(answers->first);
  worker->requests_ = std::move(requests->second);
  worker->deadline_ = Clock::now() + limits.walk;
  return worker;
}

Worker::~Worker() { kill(); }

int Worker::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

void Worker::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);  // our own child, not waited for yet
  wait();
}

Finding Worker::ended(const std::string& how) {
  kill();
  dead_ = finding(Concern::reader_ended, name_ + " " + how);
  return *dead_;
}

base::Result<Record, Finding> Worker::receive() {
  if (dead_) return base::Unexpected{*dead_};
  for (;;) {
    auto record = stream_.next();
    if (!record) {
      return base::Unexpected{ended("sent " + std::string(describe(record.error())))};
    }
    if (record->has_value()) return **std::move(record);

    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    pollfd waited{.fd = answers_.get(), .events = POLLIN, .revents = 0};
    const int ready = left <= 0 ? 0 : ::poll(&waited, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return base::Unexpected{ended("took too long and was stopped")};
    std::array<std::byte, 65536> buffer;  // NOLINT: filled by read
    const ssize_t got = ::read(answers_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      // Its own status tells more than a signal of ours would.
      return base::Unexpected{ended(describe_end(wait()))};
    }
    received_ += static_cast<std::uint64_t>(got);
    if (received_ > max_stream_bytes && !walked_) {
      return base::Unexpected{ended("sent more than it may")};
    }
    stream_.push(std::span(buffer).first(static_cast<std::size_t>(got)));
  }
}

base::Result<std::optional<Record>, Finding> Worker::next() {
  if (walked_) return std::optional<Record>();
  auto record = receive();
  if (!record) return base::Unexpected{record.error()};
  if (const End* end = std::get_if<End>(&*record)) {
    if (end->entries != entries_) return base::Unexpected{ended("miscounted its entries")};
    walked_ = true;
    return std::optional<Record>();
  }
  if (std::holds_alternative<Piece>(*record)) {
    return base::Unexpected{ended("answered what was not asked")};
  }
  if (std::holds_alternative<Entry>(*record)) {
    if (++entries_ > max_entries) return base::Unexpected{ended("sent too many entries")};
  } else if (++notes_ > max_findings + max_parts + max_areas) {
    return base::Unexpected{ended("sent too many findings")};
  }
  return std::optional<Record>(*std::move(record));
}

base::Result<std::vector<std::byte>> Worker::read(const Handle& handle, std::uint64_t offset,
                                                  std::size_t length) {
  if (dead_) return base::fail(dead_->text);
  if (!walked_) return base::fail(name_ + " is still listing");
  const ReadRequest request{
      .handle = handle,
      .offset = offset,
      .length = static_cast<std::uint32_t>(std::min<std::size_t>(length, max_content))};
  const auto bytes = encode(request);
  deadline_ = Clock::now() + limits_.answer;
  // Shorter than a pipe's buffer and the worker waits for it: this cannot block.
  if (auto sent = base::io::write_all(requests_, base::wire::as_text(bytes)); !sent) {
    return base::fail(ended("cannot be asked: " + sent.error().text).text);
  }
  auto record = receive();
  if (!record) return base::fail(record.error().text);
  Piece* piece = std::get_if<Piece>(&*record);
  if (piece == nullptr || piece->bytes.size() > request.length) {
    return base::fail(ended("answered what was not asked").text);
  }
  if (piece->outcome == Piece::Outcome::failed) return base::fail(piece->text);
  return std::move(piece->bytes);
}

}  // namespace scannerqube::volume
