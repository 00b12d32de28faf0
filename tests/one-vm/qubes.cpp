// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/one-vm/qubes.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <sstream>
#include <thread>

namespace onevm {
namespace {

using std::chrono::seconds;

const std::string bin = build + "/bin/";

// By name, in the order of starting. `exec`, so that the process has the program's name.
const std::array<std::pair<std::string, std::string>, 7>& processes() {
  static const std::array<std::pair<std::string, std::string>, 7> list{{
      {"prompt", "exec " + bin + "sallyport-prompt --answer yes"},
      {"relay", "exec setpriv --reuid=sallyport --regid=sallyport --clear-groups " + bin +
                    "sallyport-relay"},
      {"daemon", "exec " + bin + "sallyportd --user sallyport"},
      {"devices-sys-usb", "exec " + bin +
                              "sallyport-devices --allow-usb --allow-input --group sallyport "
                              "--socket /run/sys-usb/devices.sock"},
      {"devices-work",
       "exec " + bin +
           "sallyport-devices --allow-vhci --group sallyport --socket /run/work/devices.sock"},
      {"agent-sys-usb", "exec " + bin +
                            "sallyport-agent --user sallyport --dial "
                            "unix:/run/sallyport/qubes/sys-usb.sock --inventory usb"
                            " --socket /run/sys-usb/agent.sock --services /run/sys-usb/rpc"},
      {"agent-work",
       "exec " + bin +
           "sallyport-agent --user sallyport --dial unix:/run/sallyport/qubes/work.sock"
           " --socket /run/work/agent.sock --services /run/work/rpc"},
  }};
  return list;
}

// The shell's own commands: a process costs a tenth of a second and more here.
constexpr char find_disk[] =
    "for d in /sys/block/sd*; do cd -P $d && case $PWD in *vhci*) echo /dev/${d##*/}; exit 0;; "
    "esac; done; exit 1";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

int number_of(const std::string& text) { return std::atoi(text.c_str()); }

}  // namespace

int rounds(int full, int usual) {
  if (const char* given = std::getenv("SALLYPORT_ROUNDS")) return std::max(1, std::atoi(given));
  return std::getenv("SALLYPORT_SOAK") != nullptr ? full : usual;
}

unsigned seed() {
  const char* given = std::getenv("RIG_SEED");
  return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                          : std::random_device{}();
}

std::ostream& operator<<(std::ostream& stream, const Leftovers& l) {
  return stream << "backends " << l.backends << ", frontends " << l.frontends << ", daemon fds "
                << l.daemon_fds << ", relay fds " << l.relay_fds << ", agent fds " << l.agent_fds
                << ", helper fds " << l.helper_fds << ", vhci ports " << l.vhci_ports << ", leases "
                << l.leases;
}

void Qubes::start_process(const std::string& name, const std::string& command) {
  const long pid = vm().start_background(name, command);
  ASSERT_GT(pid, 0) << name;
  vm().run("echo " + std::to_string(pid) + " > /run/rig/" + name + ".process");
}

void Qubes::kill_process(const std::string& name, const std::string& signal) {
  vm().run("kill -" + signal + " $(cat /run/rig/" + name + ".process)");
}

void Qubes::start(const std::string& name) {
  for (const auto& [known, command] : processes()) {
    if (known == name) start_process(name, command);
  }
}

void Qubes::restart_dead() {
  std::string names;
  for (const auto& [name, command] : processes()) names += " " + name;
  const auto dead =
      vm().run("for n in" + names +
               "; do read -r p < /run/rig/$n.process; [ -d /proc/$p ] || echo $n; done");
  std::istringstream lines(dead.out);
  for (std::string name; std::getline(lines, name);) start(name);
}

std::string Qubes::logs() {
  return vm()
      .run(
          "for n in prompt relay daemon devices-sys-usb devices-work agent-sys-usb "
          "agent-work; do echo \"--- $n\"; tail -n 15 /run/rig/$n.log; done; "
          "echo '--- kernel'; dmesg | tail -n 25")
      .out;
}

void Qubes::set_policy(const std::string& rules) {
  const auto set = vm().run(
      "mkdir -p /etc/qubes/policy.d; rm -f /etc/qubes/policy.d/*; "
      "cat > /etc/qubes/policy.d/30-test.policy <<'END'\n" +
      rules + "END\n");
  ASSERT_TRUE(set.ok()) << set;
}

void Qubes::SetUp() {
  ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
  ASSERT_FALSE(wait_for_stick().empty());
  const auto prepared = vm().run(
      "set -e; modprobe vhci_hcd\n"
      "getent group sallyport || groupadd -r sallyport\n"
      "getent passwd sallyport || useradd -r -g sallyport sallyport\n"
      "mkdir -p /etc/sallyport/qubes.d /run/qubes /run/sys-usb/rpc /run/work/rpc\n"
      "mkdir -p /run/sallyport\n"
      "chown sallyport: /run/sallyport /run/qubes /run/sys-usb /run/work\n"
      "echo 'label = red' > /etc/sallyport/qubes.d/sys-usb.conf\n"
      "echo 'label = green' > /etc/sallyport/qubes.d/work.conf\n"
      "printf '#!/bin/sh\\nexec " +
          bin +
          "sallyport-usb-backend --devices-socket "
          "/run/sys-usb/devices.sock\\n' > /run/sys-usb/rpc/qubes.USB\n"
          "printf '#!/bin/sh\\nexec " +
          bin +
          "sallyport-usb-frontend --agent-socket "
          "/run/work/agent.sock --devices-socket /run/work/devices.sock\\n' "
          "> /run/work/rpc/qubes.USBAttach\n"
          "chmod 755 /run/sys-usb/rpc/qubes.USB /run/work/rpc/qubes.USBAttach\n",
      seconds(60));
  ASSERT_TRUE(prepared.ok()) << prepared;
  set_policy("qubes.USB * work sys-usb ask target=sys-usb\n");
  for (const auto& [name, command] : processes()) {
    start(name);
    if (name == "relay") {
      ASSERT_TRUE(vm().wait_until("test -S /run/sallyport/relay.sock").ok()) << logs();
    }
    if (name == "daemon") {
      ASSERT_TRUE(vm().wait_until("test -S /run/sallyport/admin.sock").ok()) << logs();
    }
  }
  ASSERT_TRUE(wait_for_listing().ok()) << vm().run(bin + "qvm-usb list") << logs();
}

void Qubes::TearDown() {
  if (HasFailure()) std::cerr << logs();
  for (auto it = processes().rbegin(); it != processes().rend(); ++it) {
    kill_process(it->first, "KILL");
  }
  vm().run(
      "pkill -9 -x sallyport-relay; pkill -9 -x sallyport-usb-b; pkill -9 -x sallyport-usb-f; rm "
      "-rf /run/sallyport "
      "/run/work /run/sys-usb");
  wait_for_no_disk();
}

// Without a look at what vhci carries: reading from a device that does not answer takes long.
std::string Qubes::port() {
  const auto found = vm().run(
      "for d in /sys/bus/usb/devices/*; do cd -P $d && case $PWD in *vhci*) continue;; esac; "
      "[ -e serial ] && read -r serial < serial && [ \"$serial\" = " +
      stick_serial + " ] && echo ${d##*/}; done");
  return first_line(found.out);
}

rig::CommandResult Qubes::wait_for_listing() {
  return vm().wait_until(bin + "qvm-usb list | grep -q '^sys-usb:" + port() + "\\b'", seconds(60));
}

std::string Qubes::attach_command(const std::string& qube) {
  return bin + "qvm-usb attach " + qube + " sys-usb:" + port();
}

rig::CommandResult Qubes::attach(const std::string& qube) {
  return vm().run(attach_command(qube), seconds(60));
}

rig::CommandResult Qubes::detach(const std::string& qube) {
  return vm().run(bin + "qvm-usb detach " + qube + " sys-usb:" + port(), seconds(60));
}

std::string Qubes::wait_for_disk() {
  const auto found = vm().wait_until(find_disk, seconds(60));
  return found.ok() ? first_line(found.out) : std::string();
}

rig::CommandResult Qubes::wait_for_no_disk() {
  return vm().wait_until("! (" + std::string(find_disk) + ")", seconds(60));
}

std::string Qubes::last_detach() {
  return first_line(
      vm().run(bin + "qvm-usb info sys-usb:" + port() + " | sed -n 's/^last-detach: *//p'").out);
}

void Qubes::start_reader() {
  const long pid = vm().start_background(
      "reader", "while :; do disk=$(" + std::string(find_disk) +
                    ") && dd if=$disk of=/dev/null bs=64k iflag=direct || sleep 0.1; done");
  ASSERT_GT(pid, 0);
  vm().run("echo " + std::to_string(pid) + " > /run/rig/reader.process");
}

// Its session's other processes end with it.
void Qubes::stop_reader() { vm().run("kill -9 -$(cat /run/rig/reader.process)"); }

Leftovers Qubes::leftovers() {
  const auto counted = vm().run(
      "fds() { n=0; for name in \"$@\"; do read -r p < /run/rig/$name.process; "
      "set -- /proc/$p/fd/*; n=$((n + $#)); done; echo $n; }\n"
      "pgrep -xc sallyport-usb-b; pgrep -xc sallyport-usb-f\n"
      "fds daemon; fds relay; fds agent-work agent-sys-usb; fds devices-work devices-sys-usb\n"
      "awk 'FNR > 1 && $3 != 4 { n++ } END { print n + 0 }' "
      "/sys/devices/platform/vhci_hcd.0/status*\n" +
      bin + "qvm-usb list | grep -c 'work'");
  std::istringstream lines(counted.out);
  std::array<int, 8> numbers{};
  std::string line;
  for (int& number : numbers) {
    number = std::getline(lines, line) ? number_of(line) : -1;
  }
  return {.backends = numbers[0],
          .frontends = numbers[1],
          .daemon_fds = numbers[2],
          .relay_fds = numbers[3],
          .agent_fds = numbers[4],
          .helper_fds = numbers[5],
          .vhci_ports = numbers[6],
          .leases = numbers[7]};
}

::testing::AssertionResult Qubes::settles_to(const Leftovers& before) {
  const auto deadline = rig::deadline_after(seconds(30));
  for (;;) {
    const Leftovers now = leftovers();
    if (now == before) return ::testing::AssertionSuccess();
    if (rig::Clock::now() >= deadline) {
      return ::testing::AssertionFailure() << "before: " << before << "\nnow: " << now;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace onevm
