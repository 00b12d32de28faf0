// SPDX-License-Identifier: GPL-2.0-or-later
// Whether KVM works here: /dev/kvm may open, make a virtual machine, and its guest still hang. So a
// guest is booted, once per boot of the host.
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>

#include "base/io/files.hpp"
#include "sys-usb/io/qube_host.hpp"

namespace sysusb::io {
namespace {

using Clock = std::chrono::steady_clock;

// A kernel that boots prints; under nested virtualisation it takes long, but never falls silent.
constexpr std::chrono::seconds most_silence{8};
constexpr std::chrono::seconds most_time{90};

enum class Heard { marker, more, end };

Heard hear(const base::io::Fd& output, std::string& tail) {
  std::array<char, 4096> chunk{};
  const ssize_t got = ::read(output.get(), chunk.data(), chunk.size());
  if (got == 0) return Heard::end;
  if (got < 0) return errno == EAGAIN || errno == EINTR ? Heard::more : Heard::end;
  tail.append(chunk.data(), static_cast<std::size_t>(got));
  if (tail.find(probe_marker) != std::string::npos) return Heard::marker;
  tail.erase(0, tail.size() - std::min(tail.size(), probe_marker.size()));
  return Heard::more;
}

bool hears_marker(const QemuChild& qemu) {
  const auto end = Clock::now() + most_time;
  auto last = Clock::now();
  std::string tail;
  for (;;) {
    const auto until = std::min(end, last + most_silence);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 2> waiting{{{.fd = qemu.output.get(), .events = POLLIN, .revents = 0},
                                   {.fd = qemu.process.get(), .events = POLLIN, .revents = 0}}};
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) <= 0) continue;
    if (waiting[0].revents == 0) return false;  // it ended and said nothing more
    const Heard heard = hear(qemu.output, tail);
    if (heard != Heard::more) return heard == Heard::marker;
    last = Clock::now();
  }
}

bool kvm_boots(const Machine& machine, const std::optional<base::io::Identity>& identity) {
  if (::access("/dev/kvm", F_OK) != 0) return false;
  auto qemu = start_qemu({.command = probe_command(machine),
                          .inherited = {},
                          .identity = identity,
                          .locked_memory = std::nullopt});
  if (!qemu) return false;
  const bool works = hears_marker(*qemu);
  ::kill(qemu->pid, SIGKILL);
  ::waitpid(qemu->pid, nullptr, 0);
  return works;
}

}  // namespace

base::Result<Accelerator> choose_accelerator(const base::io::Paths& paths, Machine machine,
                                             const std::optional<base::io::Identity>& identity) {
  const auto boot = base::io::read_file("/proc/sys/kernel/random/boot_id", 64);
  if (!boot) return base::fail(boot.error().text);
  const std::string who = std::to_string(identity ? identity->uid : ::getuid());
  const std::filesystem::path cache = paths.run() / "accel";
  const std::string key = boot->substr(0, boot->find('\n')) + ' ' + who + ' ';
  if (const auto known = base::io::read_file(cache, 256); known && known->starts_with(key)) {
    const std::string_view result = std::string_view(*known).substr(key.size());
    if (result == "kvm\n") return Accelerator::kvm;
    if (result == "tcg\n") return Accelerator::tcg;
  }
  std::cerr << "sallyport-qube: seeing whether KVM works here (once after each boot) ..."
            << std::flush;
  machine.accelerator = Accelerator::kvm;
  const Accelerator found = kvm_boots(machine, identity) ? Accelerator::kvm : Accelerator::tcg;
  std::cerr << (found == Accelerator::kvm ? " yes\n" : " no, qubes run under TCG, slowly\n");
  const auto kept = base::io::write_file_atomically(cache, key + name_of(found) + "\n");
  if (!kept) std::cerr << "sallyport-qube: " << kept.error().text << '\n';
  return found;
}

}  // namespace sysusb::io
