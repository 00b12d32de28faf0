// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/io/qube_launcher.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/qmp.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/escape.hpp"
#include "sys-usb/io/qube_host.hpp"

#include "sys-usb/io/qube_registry.hpp"
#include "sys-usb/io/qube_required.hpp"

namespace sysusb::io {
namespace {

using Clock = std::chrono::steady_clock;
using base::config::QubeConfig;
using base::config::Transport;
using base::io::Qmp;
constexpr std::chrono::milliseconds pause{20};
// What VFIO maps besides the guest's memory.
constexpr std::uint64_t device_memory = std::uint64_t{1} << 30;

// The last lines of a log, escaped: the console is the guest's own text.
std::string tail_of(const std::filesystem::path& file, std::string_view title) {
  const auto text = base::io::read_file(file, max_console);
  if (!text || text->empty()) return "";
  constexpr std::size_t most_lines = 12;
  std::size_t begin = text->size();
  for (std::size_t line = 0; line <= most_lines && begin != std::string::npos && begin > 0;
       ++line) {
    begin = text->rfind('\n', begin - 1);
  }
  std::string_view rest(*text);
  rest.remove_prefix(begin == std::string::npos ? 0 : begin);
  std::string out = "\n" + std::string(title) + ":";
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) out += "\n  " + base::wire::escape(line);
  }
  return out;
}

std::string why_it_ended(const RunFolder& folder) {
  const std::string said = tail_of(folder.errors(), "QEMU said") +
                           tail_of(folder.console(), "the qube's console ended with");
  return said.empty() ? "; it said nothing" : said;
}

base::Result<std::optional<base::io::Identity>> identity_for(const std::string& user) {
  if (user.empty()) return std::optional<base::io::Identity>();
  if (::getuid() != 0) return base::fail("--user needs root; start sallyport-qube as root");
  auto found = base::io::find_identity(user);
  if (!found) return base::fail("--user: " + found.error().text);
  if (found->uid == 0) return base::fail("--user: QEMU as root is what the option is to avoid");
  return std::optional<base::io::Identity>(std::move(*found));
}

bool gets_hardware(const QubeConfig& config) {
  return std::ranges::any_of(config.controllers,
                             [](const std::string& one) { return one != "emulated"; });
}

}  // namespace

base::Result<int> Launcher::run() {
  switch (arguments_.verb) {
    case QubeVerb::help:
      out_ << qube_usage;
      return 0;
    case QubeVerb::start:
      return start();
    case QubeVerb::stop:
      return stop();
    case QubeVerb::status:
      return status();
    case QubeVerb::list:
      return list();
    case QubeVerb::plug:
      return plug();
    case QubeVerb::unplug:
      return unplug();
  }
  return 2;
}

base::Result<Machine> Launcher::prepare_machine(
    const QubeConfig& config, const std::optional<base::io::Identity>& identity) const {
  Machine machine;
  auto qemu = find_program(arguments_.qemu);
  if (!qemu) return base::fail(qemu.error().text);
  machine.qemu = *qemu;
  const std::string images = std::filesystem::absolute(arguments_.images).string();
  machine.image = image_files(images, config.image);
  if (auto there = check_image(machine.image, config.image); !there) {
    return base::fail(there.error().text);
  }
  for (const std::string& disk : config.disks) {
    if (::access(disk.c_str(), R_OK | W_OK) != 0) {
      return base::io::fail_errno("use the disk " + disk, "make it, or correct the qube's file");
    }
  }
  if (auto ready = prepare_controllers(config, identity); !ready) {
    return base::fail(ready.error().text);
  }
  if (config.transport == Transport::unix_socket) {
    auto dialer = find_dialer(arguments_.dial);
    if (!dialer) return base::fail(dialer.error().text);
    machine.dial_program = *dialer;
    machine.qube_socket = std::filesystem::absolute(paths_.qube_socket(config.name)).string();
  }
  machine.more = arguments_.more;
  if (arguments_.accelerator) {
    machine.accelerator = *arguments_.accelerator;
    return machine;
  }
  auto accelerator = choose_accelerator(paths_, machine, identity);
  if (!accelerator) return base::fail(accelerator.error().text);
  machine.accelerator = *accelerator;
  return machine;
}

base::Result<int> Launcher::start() {
  auto config = load_qube(paths_, arguments_.name);
  if (!config) return base::fail(config.error().text);
  if (config->transport == Transport::paper) {
    return base::fail("qube " + config->name +
                      " is on paper: sallyportd plays it, there is no machine to start");
  }
  if (config->transport == Transport::local) {
    return base::fail("qube " + config->name + " has no machine: an agent of user " + config->user +
                      " stands for it, as a unit of this host");
  }
  const RunFolder run = folder(config->name);
  if (auto made = run.create(); !made) return base::fail(made.error().text);
  auto lock = run.try_lock();
  if (!lock) return base::fail(lock.error().text);
  if (!*lock) {
    return base::fail("qube " + config->name + " is already running; stop it with: " +
                      "sallyport-qube stop " + config->name);
  }
  if (auto there = check_required_devices(paths_, config->name); !there) {
    return base::fail(there.error().text);
  }
  const auto identity = identity_for(arguments_.user);
  if (!identity) return base::fail(identity.error().text);
  auto machine = prepare_machine(*config, *identity);
  if (!machine) return base::fail(machine.error().text);

  auto monitor = base::io::listen_unix(run.qmp(), 0600);
  if (!monitor) return base::fail(monitor.error().text);
  machine->qmp_fd = monitor->get();
  base::io::Fd vhost;
  std::vector<const base::io::Fd*> inherited{&*monitor};
  if (config->transport == Transport::vsock) {
    auto opened = open_vhost_vsock(*config);
    if (!opened) return base::fail(opened.error().text);
    vhost = std::move(*opened);
    machine->vhost_fd = vhost.get();
    inherited.push_back(&vhost);
  }
  auto kept = base::io::write_file_atomically(run.accelerator(),
                                              std::string(name_of(machine->accelerator)) + "\n");
  if (!kept) return base::fail(kept.error().text);

  QemuStart qemu{.command = qemu_command(*config, *machine),
                 .inherited = std::move(inherited),
                 .identity = *identity,
                 .locked_memory = std::nullopt};
  if (gets_hardware(*config)) {
    qemu.locked_memory = std::uint64_t{config->memory_mib} * 1024 * 1024 + device_memory;
  }
  auto supervisor = start_supervised(qemu, run, std::move(**lock));
  if (!supervisor) return base::fail(supervisor.error().text);
  // QEMU alone holds the monitor's socket from here: when it ends, connecting to it fails.
  monitor->reset();
  if (auto ready = wait_for_qmp(run, *supervisor); !ready) return base::fail(ready.error().text);
  out_ << config->name << ": " << state_of(run) << '\n';
  return 0;
}

base::Status Launcher::wait_for_qmp(const RunFolder& run, pid_t supervisor) const {
  const Qmp::Deadline deadline = Clock::now() + arguments_.wait;
  // The socket is there already; the answer comes when QEMU is ready.
  auto qmp = Qmp::connect(run.qmp(), deadline);
  if (qmp) {
    // A machine that cannot go on ends within moments.
    auto running = qmp->execute("query-status", {}, deadline);
    if (running) return base::Ok{};
  }
  // Did it end, or does it hang? The lock tells; give the supervisor a moment to clean up.
  constexpr int most_tries = 50;
  for (int i = 0; i < most_tries; ++i) {
    if (::waitpid(supervisor, nullptr, WNOHANG) == supervisor) {
      return base::fail("qube " + arguments_.name + " ended at once" + why_it_ended(run));
    }
    std::this_thread::sleep_for(pause);
  }
  ::kill(supervisor, SIGKILL);  // QEMU dies with it
  ::waitpid(supervisor, nullptr, 0);
  return base::fail("qube " + arguments_.name + ": QEMU did not answer within " +
                    std::to_string(arguments_.wait.count()) +
                    " s and was ended; wait longer with "
                    "--wait" +
                    why_it_ended(run));
}

base::Status Launcher::must_run(const RunFolder& run) const {
  const auto running = run.running();
  if (!running) return base::fail(running.error().text);
  if (*running) return base::Ok{};
  return base::fail("qube " + arguments_.name + " is not running; start it with: sallyport-qube " +
                    "start " + arguments_.name);
}

base::Result<int> Launcher::stop() {
  auto config = load_qube(paths_, arguments_.name);
  if (!config) return base::fail(config.error().text);
  const RunFolder run = folder(config->name);
  auto running = run.running();
  if (!running) return base::fail(running.error().text);
  if (!*running) {
    out_ << config->name << ": halted already\n";
    return 0;
  }
  const Qmp::Deadline deadline = Clock::now() + arguments_.wait;
  // The process first: its id is valid as long as the lock is held.
  base::io::Fd process;
  if (const auto pid = run.qemu_pid()) {
    process.reset(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  }
  if (auto qmp = Qmp::connect(run.qmp(), std::min(deadline, Clock::now() + Qmp::usual_time)); qmp) {
    static_cast<void>(qmp->execute("quit", {}, std::min(deadline, Clock::now() + Qmp::usual_time)));
  }
  bool killed = false;
  while (running && *running) {
    const bool late = Clock::now() > deadline;
    if (late && killed) {
      return base::fail("qube " + config->name + " does not end even when killed; see its process");
    }
    if (late) {
      if (!process)
        return base::fail("qube " + config->name + ": no process id of QEMU in " +
                          run.pid().string() + "; end it by hand");
      ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
      killed = true;
      std::this_thread::sleep_for(std::chrono::seconds(2));
    }
    std::this_thread::sleep_for(pause);
    running = run.running();
  }
  if (!running) return base::fail(running.error().text);
  out_ << config->name << ": halted" << (killed ? " (killed: QEMU did not end by itself)" : "")
       << '\n';
  return 0;
}

std::string Launcher::state_of(const RunFolder& run) const {
  const auto running = run.running();
  if (!running) return "unknown (" + running.error().text + ")";
  if (!*running) return "halted";
  const auto pid = run.qemu_pid();
  const auto accelerator = base::io::read_file(run.accelerator(), 16);
  std::string out = "running";
  if (pid) out += " pid=" + std::to_string(*pid);
  if (accelerator) out += " accel=" + accelerator->substr(0, accelerator->find('\n'));
  return out;
}

base::Result<int> Launcher::status() {
  auto config = load_qube(paths_, arguments_.name);
  if (!config) return base::fail(config.error().text);
  const RunFolder run = folder(config->name);
  const auto running = run.running();
  if (!running) return base::fail(running.error().text);
  out_ << config->name << ": " << state_of(run) << '\n';
  return *running ? 0 : 3;
}

base::Result<int> Launcher::list() {
  const auto names = qube_names(paths_);
  if (!names) return base::fail(names.error().text);
  for (const std::string& name : *names) {
    out_ << std::left << std::setw(32) << name << state_of(folder(name)) << '\n';
  }
  return 0;
}

}  // namespace sysusb::io
