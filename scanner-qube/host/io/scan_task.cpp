// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/host/io/scan_task.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "scanner-qube/qube/answer.hpp"

namespace scannerqube::io {
namespace {

using base::io::Fd;
using Clock = std::chrono::steady_clock;
using State = Answer::State;

// A client that connects and says nothing would keep a machine from all others.
constexpr std::chrono::milliseconds request_limit{5000};

class Task {
 public:
  Task(ScanMachine& machine, const TaskLimits& limits) : machine_(machine), limits_(limits) {}

  base::Status wait_until_ready(const Fd& pool);
  // nullopt: it is not needed any more.
  base::Result<std::optional<Fd>> wait_for_client(const Fd& pool);
  base::Status serve(Fd client);
  const Answer& answer() const { return answer_; }

 private:
  enum class Came : std::uint8_t { bytes, other_left, nothing };
  Came wait(const Fd& other, Clock::time_point until);
  base::Status take(const Fd& client);
  base::Result<std::vector<ContentKey>> known_from(const Fd& file,
                                                   const MachineRequest& request) const;
  base::Status tell_qube(const Fd& client, base::wire::Bytes bytes);
  base::Status scan(const Fd& client);
  base::Status hand_over(const Fd& client) const;
  void tell_progress(const Fd& client);

  ScanMachine& machine_;
  const TaskLimits& limits_;
  Answer answer_;
  ScanProgress told_;
};

// What the qube says, until it is `until`, or the other one has left.
Task::Came Task::wait(const Fd& other, Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  if (left.count() <= 0) return Came::nothing;
  std::array<pollfd, 2> waiting{pollfd{machine_.port().get(), POLLIN, 0},
                                pollfd{other.get(), POLLRDHUP, 0}};
  const int ready = ::poll(waiting.data(), waiting.size(),
                           static_cast<int>(std::min<std::int64_t>(left.count(), 1000)));
  if (ready > 0 && (waiting[1].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
    return Came::other_left;
  }
  if (ready <= 0 || waiting[0].revents == 0) return Came::nothing;
  std::array<std::byte, 65536> bytes{};
  const ssize_t got = ::read(machine_.port().get(), bytes.data(), bytes.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Came::nothing;
  if (got <= 0) {
    answer_.fail("the scanner qube ended before it had answered");
  } else {
    answer_.push(std::span(bytes).first(static_cast<std::size_t>(got)));
  }
  return Came::bytes;
}

base::Status Task::wait_until_ready(const Fd& pool) {
  const auto until = Clock::now() + limits_.boot;
  while (answer_.state() == State::starting) {
    if (wait(pool, until) == Came::other_left) return base::fail("nobody wants it any more");
    if (Clock::now() >= until) {
      return base::fail("the scanner qube was not ready within " +
                        std::to_string(limits_.boot.count()) + " s");
    }
  }
  return answer_.state() == State::ready ? base::Status(base::Ok{}) : base::fail(answer_.failure());
}

base::Result<std::optional<Fd>> Task::wait_for_client(const Fd& pool) {
  std::array<pollfd, 2> waiting{pollfd{machine_.port().get(), POLLIN, 0},
                                pollfd{pool.get(), POLLIN, 0}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR) continue;
  if (waiting[0].revents != 0) return base::fail("the scanner qube ended while it waited");
  auto message = base::io::receive_message(pool, 16);
  if (!message || message->fds.size() != 1) return std::optional<Fd>();
  return std::optional(std::move(message->fds[0]));
}

base::Status Task::take(const Fd& client) {
  pollfd asks{.fd = client.get(), .events = POLLIN, .revents = 0};
  if (::poll(&asks, 1, static_cast<int>(request_limit.count())) <= 0) {
    return base::fail("no request came within " + std::to_string(request_limit.count()) + " ms");
  }
  auto message = base::io::receive_message(client, max_machine_request);
  if (!message) return base::Unexpected{message.error()};
  const auto request = parse_machine_request(base::wire::as_text(message->data));
  if (!request) return base::Unexpected{request.error()};
  if (message->fds.size() != 1U + (request->known ? 1U : 0U) + (request->passphrase ? 1U : 0U)) {
    return base::fail("the medium's stream is to come with a request, and the files that it names");
  }
  if (request->database != machine_.database().parent_path().filename()) {
    return base::fail("the database has just changed; ask again");
  }
  std::vector<ContentKey> known;
  if (request->known) {
    auto list = known_from(message->fds[1], *request);
    if (!list) return base::Unexpected{list.error()};
    known = *std::move(list);
  }
  unlock::Secret passphrase;
  if (request->passphrase) {
    auto bytes = base::io::read_memory_file(message->fds.back(), unlock::max_passphrase);
    if (!bytes) return base::Unexpected{bytes.error()};
    if (bytes->empty()) return base::fail("the passphrase is empty");
    passphrase = unlock::Secret(base::wire::as_bytes(*bytes));
    unlock::wipe(*bytes);
  }
  if (auto given = machine_.give_medium(message->fds[0]); !given) {
    return base::fail("the scanner qube could not be given the medium: " + given.error().text);
  }
  std::vector<std::byte> order;
  append_order(order, {.deleted = request->deleted,
                       .size = request->size,
                       .margin = ScanMachine::margin,
                       .largest_file = request->largest_file,
                       .database = request->database_sha256,
                       .known = static_cast<std::uint32_t>(known.size()),
                       .passphrase = request->passphrase});
  append_known(order, known);
  order.reserve(order.size() + 2 * unlock::max_passphrase);
  if (request->passphrase) append_passphrase(order, passphrase.bytes());
  answer_.ordered();
  auto told = tell_qube(client, order);
  ::explicit_bzero(order.data(), order.size());
  return told;
}

// Nothing of other signatures or settings than this machine's.
base::Result<std::vector<ContentKey>> Task::known_from(const Fd& file,
                                                       const MachineRequest& request) const {
  const auto bytes = base::io::read_memory_file(file, max_list_bytes);
  if (!bytes) return base::Unexpected{bytes.error()};
  auto list = parse_list(base::wire::as_bytes(*bytes));
  if (!list) return base::Unexpected{list.error()};
  if (list->clean.size() > max_known) return base::fail("verdict list: it is too long for a qube");
  const CacheScope here{.database = request.database_sha256,
                        .options = answer_.engine().options,
                        .medium = list->scope.medium};
  if (!difference(list->scope, here).empty()) list->clean.clear();
  return std::move(list->clean);
}

// A qube that does not listen keeps nobody longer than one that says nothing.
base::Status Task::tell_qube(const Fd& client, base::wire::Bytes bytes) {
  const auto until = Clock::now() + limits_.silence;
  while (!bytes.empty()) {
    const ssize_t put = ::write(machine_.port().get(), bytes.data(), bytes.size());
    if (put > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
      continue;
    }
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
      const auto why = base::io::fail_errno("write");
      // It may have said what ails it.
      while (answer_.state() == State::scanning && wait(client, until) == Came::bytes) continue;
      if (answer_.state() == State::failed) return base::fail(answer_.failure());
      return base::fail("the scanner qube ended before it was told to scan: " + why.value.text);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return base::fail("the scanner qube does not listen");
    std::array<pollfd, 2> waiting{pollfd{machine_.port().get(), POLLOUT, 0},
                                  pollfd{client.get(), POLLRDHUP, 0}};
    ::poll(waiting.data(), waiting.size(),
           static_cast<int>(std::min<std::int64_t>(left.count(), 1000)));
    if (waiting[1].revents != 0) return base::fail("whoever asked has left");
  }
  return base::Ok{};
}

base::Status Task::scan(const Fd& client) {
  const auto end = Clock::now() + limits_.scan;
  auto heard = Clock::now();
  while (answer_.state() == State::scanning) {
    const Came came = wait(client, std::min(end, heard + limits_.silence));
    if (came == Came::other_left) return base::fail("whoever asked has left");
    if (came == Came::bytes) {
      heard = Clock::now();
      tell_progress(client);
    } else if (Clock::now() >= end) {
      return base::fail("the scan took longer than " + std::to_string(limits_.scan.count()) +
                        " s, and was ended");
    } else if (Clock::now() >= heard + limits_.silence) {
      return base::fail("the scanner qube said nothing for " +
                        std::to_string(limits_.silence.count()) + " s, and was ended");
    }
  }
  return answer_.state() == State::done ? base::Status(base::Ok{}) : base::fail(answer_.failure());
}

void Task::tell_progress(const Fd& client) {
  if (answer_.progress() == told_) return;
  told_ = answer_.progress();
  const std::string text =
      "progress " + std::to_string(told_.files) + ' ' + std::to_string(told_.bytes);
  // One that does not listen loses it.
  [[maybe_unused]] const ssize_t ignored =
      ::send(client.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

base::Status Task::hand_over(const Fd& client) const {
  const auto report = base::io::sealed_copy(answer_.report());
  if (!report) return base::Unexpected{report.error()};
  const auto files = base::io::sealed_copy(answer_.files());
  if (!files) return base::Unexpected{files.error()};
  const std::string done = "done " + base::hash::to_hex(answer_.engine().options);
  return base::io::send_message(client, base::wire::as_bytes(done), {&*report, &*files});
}

base::Status Task::serve(Fd client) {
  auto done = take(client);
  if (done) done = scan(client);
  if (done) return hand_over(client);
  const std::string text = "failed " + done.error().text;
  return base::io::send_message(client, base::wire::as_bytes(text));
}

int tell(const Fd& pool, const std::string& text, int code) {
  const std::string cut = text.substr(0, 1024);
  return base::io::send_message(pool, base::wire::as_bytes(cut)) ? code : 1;
}

}  // namespace

int run_task(const MachineOptions& options, const TaskLimits& limits, const std::string& name,
             Fd pool) {
  const auto machine = ScanMachine::start(options, name);
  if (!machine) return tell(pool, "failed " + machine.error().text, 1);
  Task task(**machine, limits);
  if (auto ready = task.wait_until_ready(pool); !ready) {
    return tell(pool, "failed " + ready.error().text, 1);
  }
  const Ready& engine = task.answer().engine();
  if (tell(pool, "ready " + std::to_string(engine.signatures) + ' ' + engine.engine, 0) != 0) {
    return 1;
  }
  auto client = task.wait_for_client(pool);
  if (!client) return 1;
  if (!*client) return 0;
  return task.serve(std::move(**client)) ? 0 : 1;
}

}  // namespace scannerqube::io
