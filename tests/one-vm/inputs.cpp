// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/one-vm/inputs.hpp"

#include <linux/input-event-codes.h>

#include <thread>

namespace onevm {
namespace {

using std::chrono::seconds;

const std::string bin = build + "/bin/";
const std::string tool = build + "/tests/bin/input_guest";

std::string quoted_name(const std::string& name) { return "'Name=\"" + name + "\"'"; }

}  // namespace

void Inputs::SetUp() {
  ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
  const auto prepared = vm().run(
      "set -e; modprobe uinput\n"
      "getent group sallyport-input || groupadd -r sallyport-input\n"
      "getent passwd sallyport-input || useradd -r -g sallyport-input sallyport-input\n"
      "chown root:sallyport-input /dev/uinput; chmod 660 /dev/uinput\n"
      "mkdir -p /run/dom0/rpc /run/sallyport-input; rm -f /run/rig/prompt.log\n"
      "chown sallyport-input: /run/dom0 /run/sallyport-input\n"
      "rm -rf /var/lib/sallyport\n"  // every device is new

      "for s in Keyboard Mouse Tablet; do ln -sf " +
          bin + "sallyport-input-receiver /run/dom0/rpc/qubes.Input$s; done",
      seconds(60));
  ASSERT_TRUE(prepared.ok()) << prepared;
  ASSERT_NO_FATAL_FAILURE(Qubes::SetUp());
  start_process("agent-dom0", "exec " + bin +
                                  "sallyport-agent --user sallyport-input --dial "
                                  "unix:/run/sallyport/qubes/dom0.sock --socket "
                                  "/run/dom0/agent.sock --services /run/dom0/rpc");
  ASSERT_TRUE(vm().wait_until("test -S /run/dom0/agent.sock").ok()) << input_logs();
}

void Inputs::TearDown() {
  if (HasFailure()) std::cerr << input_logs();
  stop_watch();
  vm().run("pkill -9 input_guest; pkill -9 -x script; pkill -9 -x sallyport-promp");
  kill_process("agent-dom0", "KILL");
  vm().run("pkill -9 -f sallyport-input-receiver; rm -rf /run/dom0 /run/test /run/sallyport-input");
  Qubes::TearDown();
}

std::string Inputs::input_logs() {
  return vm()
      .run(
          "for n in agent-dom0 watch; do echo \"--- $n\"; tail -n 25 /run/rig/$n.log; done; tail "
          "-n 40 /run/rig/prompt.log; tail -n 25 /run/rig/daemon.log; cat /proc/bus/input/devices "
          "| "
          "grep -E 'Name|Phys|Handlers'")
      .out;
}

void Inputs::watch(const std::string& phys, const std::string& policy) {
  set_policy(policy);
  start_process("watch", "exec setpriv --reuid=sallyport --regid=sallyport --clear-groups " + bin +
                             "sallyport-input-watch --agent-socket /run/sys-usb/agent.sock "
                             "--devices-socket /run/sys-usb/devices.sock --call " +
                             bin + "sallyport-call --sender " + bin +
                             "sallyport-input-sender --phys " + phys);
}

void Inputs::stop_watch() {
  vm().run(
      "[ -e /run/rig/watch.process ] && kill -9 $(cat /run/rig/watch.process); rm -f "
      "/run/rig/watch.process; pkill -9 -f sallyport-input-sender");
}

void Inputs::plug(const std::string& kind, const std::string& port, const std::string& node) {
  const std::string id = node.empty() ? port : node;
  vm().run("mkdir -p /run/test; rm -f /run/test/" + id + "; mkfifo /run/test/" + id);
  // The second opener keeps the pipe from ending between two scripts.
  start_process("device-" + id, "exec 9<>/run/test/" + id + "; exec " + tool + " device '" + kind +
                                    "' " + port + " <&9");
  const auto made = vm().wait_until("grep -q made " + rig::Machine::background_log("device-" + id));
  ASSERT_TRUE(made.ok()) << vm().run("cat " + rig::Machine::background_log("device-" + id));
}

void Inputs::unplug(const std::string& node) {
  kill_process("device-" + node, "KILL");
  vm().wait_until("! test -d /proc/$(cat /run/rig/device-" + node + ".process)");
}

void Inputs::replug_keyboard(const std::string& port, const std::string& serial) {
  const auto gone = vm().qmp("device_del", {{"id", "keyboard"}});
  ASSERT_TRUE(gone) << gone.error().text;
  const auto none =
      vm().wait_until("! grep -q 'Name=\"QEMU QEMU USB Keyboard' /proc/bus/input/devices");
  ASSERT_TRUE(none.ok()) << none;
  boost::json::object device{
      {"driver", "usb-kbd"}, {"id", "keyboard"}, {"bus", "xhci.0"}, {"port", port}};
  if (!serial.empty()) device["serial"] = serial;
  const auto back = vm().qmp("device_add", device);
  ASSERT_TRUE(back) << back.error().text;
}

void Inputs::play(const std::string& node, const std::string& script) {
  const auto played = vm().run("cat > /run/test/" + node + " <<'END'\n" + script + "END\n");
  ASSERT_TRUE(played.ok()) << played;
}

rig::CommandResult Inputs::wait_forwarded(const std::string& name, seconds limit) {
  return vm().wait_until("grep -qF " + quoted_name("sys-usb: " + name) + " /proc/bus/input/devices",
                         limit);
}

rig::CommandResult Inputs::wait_not_forwarded(const std::string& name) {
  return vm().wait_until(
      "! grep -qF " + quoted_name("sys-usb: " + name) + " /proc/bus/input/devices", seconds(20));
}

bool Inputs::forwarded(const std::string& name) {
  return vm().run("grep -qF " + quoted_name("sys-usb: " + name) + " /proc/bus/input/devices").ok();
}

std::string Inputs::shown_digits(int count) {
  const std::string number = std::to_string(count);
  const auto shown = vm().wait_until(
      "[ $(grep -c 'Type these digits' /run/rig/prompt.log) -ge " + number +
          " ] && grep -A2 'Type these digits' /run/rig/prompt.log | grep -E '^ +[0-9 ]+$' | "
          "sed -n " +
          number + "p | tr -d ' \\n'",
      seconds(20));
  return shown.out;
}

void Inputs::start_reading(const std::string& name, int silent_seconds) {
  start_process("reader-input",
                "exec " + tool + " read 'sys-usb: " + name + "' " + std::to_string(silent_seconds));
  const auto ready = vm().wait_until("grep -q ready /run/rig/reader-input.log");
  ASSERT_TRUE(ready.ok()) << vm().run("cat /run/rig/reader-input.log");
}

std::string Inputs::what_was_read() {
  vm().wait_until("! test -d /proc/$(cat /run/rig/reader-input.process)");
  return vm().run("grep -v ready /run/rig/reader-input.log | head -n 200").out;
}

// By the program that runs: a receiver has the name of its service. Only the few that may be it are
// looked at, for a process costs a tenth of a second here.
void Inputs::kill_program(const std::string& program) {
  const auto killed = vm().run(
      "n=1; for p in $(pgrep -x 'sallyport-input|qubes[.]Input.*'); do case $(readlink "
      "/proc/$p/exe) in */" +
      program + ") kill -9 $p && n=0;; esac; done; exit $n");
  ASSERT_TRUE(killed.ok()) << program << input_logs();
}

void Inputs::let_nobody_answer() {
  kill_process("prompt", "KILL");
  vm().run("rm -f /run/qubes/policy-agent.sock");
  // A terminal that nobody types at.
  start_process("prompt", "sleep 3600 | exec script -qfc '" + bin + "sallyport-prompt' /dev/null");
  const auto ready = vm().wait_until("test -S /run/qubes/policy-agent.sock");
  ASSERT_TRUE(ready.ok()) << input_logs();
}

void Inputs::press(const std::string& qcode) {
  const auto sent =
      vm().qmp("send-key", {{"keys", {{{"type", "qcode"}, {"data", qcode}}}}, {"hold-time", 90}});
  ASSERT_TRUE(sent) << sent.error().text;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

std::string Inputs::stroke(int code, int gap_ms, int hold_ms) {
  const std::string text = std::to_string(code);
  return std::to_string(gap_ms) + " 1 " + text + " 1\n0 0 0 0\n" + std::to_string(hold_ms) + " 1 " +
         text + " 0\n0 0 0 0\n";
}

std::string Inputs::digits_script(const std::string& digits) {
  std::string script;
  int wait = 800;
  for (const char digit : digits) {
    script += stroke(digit == '0' ? KEY_0 : KEY_1 + (digit - '1'), wait);
    wait = 250;
  }
  return script;
}

}  // namespace onevm
