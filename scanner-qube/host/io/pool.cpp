// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/host/io/pool.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/io/forked.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/peer_rights.hpp"
#include "base/io/refusal.hpp"
#include "base/io/unix_socket.hpp"
#include "scanner-qube/database/io/layout.hpp"

namespace scannerqube::io {
namespace {

namespace fs = std::filesystem;
using base::io::Fd;

constexpr std::chrono::seconds after_trouble{30};
constexpr int look_again_ms = 5000;  // at which database is current

void answer(const Fd& client, const std::string& text) {
  base::io::say_last(client, std::string_view(text).substr(0, 1024));
}

}  // namespace

MachinePool::MachinePool(MachinePoolOptions options, const base::io::Log& log)
    : options_(std::move(options)), log_(log) {
  options_.machine.root = base::io::Paths(options_.root).scanner_run() / "machines";
}

MachinePool::~MachinePool() {
  for (Machine& machine : machines_) {
    // Whoever waits for a scan loses it: nothing outlives the pool.
    machine.control.reset();
    if (machine.stage == Stage::serves) ::kill(machine.pid, SIGTERM);
    ::waitpid(machine.pid, nullptr, 0);
  }
  static_cast<void>(end_machines(options_.machine));
}

base::Status MachinePool::run(const Fd& stop) {
  std::error_code error;
  fs::create_directories(options_.machine.root, error);
  if (error) return base::fail("create " + options_.machine.root.string() + ": " + error.message());
  if (auto ended = end_machines(options_.machine); !ended) return ended;
  auto listening = base::io::listen_unix(base::io::Paths(options_.root).scanner_socket(), 0666,
                                         base::io::SocketType::seqpacket, base::io::Blocking::no);
  if (!listening) return base::Unexpected{listening.error()};
  listening_ = *std::move(listening);
  log_.info("ready");
  pollfd stopped{.fd = stop.get(), .events = POLLIN, .revents = 0};
  while (::poll(&stopped, 1, 0) == 0) {
    look_at_database();
    hand_out();
    boot_ahead();
    wait(stop);
  }
  return base::Ok{};
}

void MachinePool::wait(const Fd& stop) {
  std::vector<pollfd> waiting{{stop.get(), POLLIN, 0}, {listening_.get(), POLLIN, 0}};
  std::vector<Machine*> whose;
  for (Machine& machine : machines_) {
    whose.push_back(&machine);
    waiting.push_back({machine.process.get(), POLLIN, 0});
    // A negative descriptor is passed over (poll(2)).
    waiting.push_back({machine.control ? machine.control.get() : -1, POLLIN, 0});
  }
  if (::poll(waiting.data(), waiting.size(), look_again_ms) <= 0) return;
  if (waiting[1].revents != 0) accept();
  for (std::size_t i = 0; i < whose.size(); ++i) {
    if (waiting[3 + 2 * i].revents != 0) hear(*whose[i]);
    if (waiting[2 + 2 * i].revents != 0) reap(*whose[i]);
  }
  machines_.remove_if([](const Machine& machine) { return machine.pid < 0; });
}

void MachinePool::accept() {
  Fd client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return;
  const uid_t uid = base::io::peer_of(client, {}).uid;
  if (uid != 0 && uid != ::getuid() && uid != options_.client) {
    return answer(client, "failed you may not: sallyport-scans asks here");
  }
  if (clients_.size() >= max_waiting) {
    return answer(client, "failed too many scans wait already; try again later");
  }
  clients_.push_back(std::move(client));
}

// The link's own target: a machine with an older one is not used any more.
void MachinePool::look_at_database() {
  std::error_code error;
  const fs::path folder = base::io::Paths(options_.root).scan_db();
  const fs::path current = fs::read_symlink(folder / database::io::current_link, error);
  const fs::path image = folder / current / database::io::image_file;
  database_ = error || !fs::exists(image, error) ? fs::path() : image;
  for (Machine& machine : machines_) {
    if (machine.stage != Stage::serves && machine.database != database_) machine.control.reset();
  }
}

void MachinePool::boot_ahead() {
  if (database_.empty()) {
    return refuse(
        "there is no database of signatures; bring one in with: sallyport db import BUNDLE");
  }
  const auto coming = static_cast<std::size_t>(std::ranges::count_if(
      machines_, [](const auto& each) { return each.stage != Stage::serves && each.control; }));
  const bool asked = clients_.size() > coming;
  const bool ahead = coming < options_.ahead && Clock::now() >= not_before_;
  if ((!asked && !ahead) || machines_.size() >= options_.most) return;
  if (auto booted = boot(); !booted) {
    not_before_ = Clock::now() + after_trouble;
    refuse("no scanner qube: " + booted.error().text);
  }
}

base::Status MachinePool::boot() {
  auto pair = base::io::message_pair();
  if (!pair) return base::Unexpected{pair.error()};
  Machine machine;
  machine.name = "scan-" + std::to_string(next_++);
  machine.database = database_;
  const pid_t parent = ::getpid();
  machine.pid = ::fork();
  if (machine.pid < 0) return base::io::fail_errno("fork");
  if (machine.pid == 0) {
    sigset_t none{};
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(0);
    base::io::close_all_but({pair->second.get()});
    MachineOptions options = options_.machine;
    options.database = machine.database;
    ::_exit(run_task(options, options_.limits, machine.name, std::move(pair->second)));
  }
  machine.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, machine.pid, 0)));
  machine.control = std::move(pair->first);
  log_.info("boots", {{"machine", machine.name}, {"database", machine.database.string()}});
  machines_.push_back(std::move(machine));
  return base::Ok{};
}

void MachinePool::hear(Machine& machine) {
  const auto message = base::io::receive_message(machine.control, 1100);
  const std::string_view word = message ? base::wire::as_text(message->data) : std::string_view();
  if (word.starts_with("ready ")) {
    machine.stage = Stage::ready;
    log_.info("ready", {{"machine", machine.name}, {"engine", std::string(word.substr(6))}});
    return;
  }
  machine.control.reset();
  if (!word.starts_with("failed ")) return;
  const std::string why(word.substr(7));
  log_.error("machine_failed", {{"machine", machine.name}, {"reason", why}});
  not_before_ = Clock::now() + after_trouble;
  refuse("no scanner qube: " + why);
}

void MachinePool::reap(Machine& machine) {
  if (::waitpid(machine.pid, nullptr, WNOHANG) == 0) return;
  log_.info("ended", {{"machine", machine.name}});
  machine.pid = -1;
  // One that was killed could not switch its machine off.
  if (auto ended = end_machine(options_.machine, machine.name); !ended) {
    log_.error("machine_left", {{"machine", machine.name}, {"reason", ended.error().text}});
  }
}

void MachinePool::hand_out() {
  for (Machine& machine : machines_) {
    if (clients_.empty()) return;
    if (machine.stage != Stage::ready || !machine.control) continue;
    const Fd client = std::move(clients_.front());
    clients_.pop_front();
    const auto handed =
        base::io::send_message(machine.control, base::wire::as_bytes("client"), {&client});
    machine.control.reset();
    machine.stage = Stage::serves;
    log_.info("serves", {{"machine", machine.name}});
    if (!handed) answer(client, "failed " + handed.error().text + "; try again");
  }
}

void MachinePool::refuse(const std::string& why) {
  for (const Fd& client : clients_) answer(client, "failed " + why);
  clients_.clear();
}

}  // namespace scannerqube::io
