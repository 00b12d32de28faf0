// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/machine.hpp"

#include <stdlib.h>

#include <iostream>
#include <thread>

#include "tests/places.hpp"

namespace rig {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t console_lines = 40;
// How much later than the command's own timeout an answer may come.
constexpr milliseconds answer_grace = seconds(30);
constexpr milliseconds poll_pause{100};

base::Result<std::filesystem::path> make_scratch() {
  std::string path = std::filesystem::temp_directory_path() / "rig-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return base::io::fail_errno("mkdtemp " + path);
  return std::filesystem::path(path);
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

}  // namespace

base::Result<std::unique_ptr<Machine>> Machine::start(const MachineOptions& options) {
  auto kernel = find_kernel();
  if (!kernel) return base::fail(kernel.error().text);
  auto scratch = make_scratch();
  if (!scratch) return base::fail(scratch.error().text);
  std::unique_ptr<Machine> machine(new Machine(*scratch, *kernel));  // NOLINT: private constructor
  if (auto booted = machine->boot(options); !booted) return base::fail(booted.error().text);
  return machine;
}

Machine::~Machine() {
  if (qemu_) qemu_->kill();
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
}

base::Status Machine::build_initramfs() {
  const auto made = run_program({places::source() + "/tests/rig/make-initramfs", kernel_.folder,
                                 scratch_ / "initramfs", places::build() + "/tests/bin/rig_guest"},
                                deadline_after(seconds(60)));
  if (!made) return base::fail(made.error().text);
  return base::Ok{};
}

std::vector<std::string> Machine::command_line(const MachineOptions& options) const {
  const auto socket = [this](const char* id, const char* file) {
    return "socket,id=" + std::string(id) +
           ",server=on,wait=off,path=" + (scratch_ / file).string();
  };
  std::vector<std::string> line{
      "qemu-system-x86_64",
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-no-reboot",
      "-machine",
      "q35",
      "-accel",
      "tcg,thread=single",
      "-cpu",
      "max",
      "-smp",
      "1",
      "-m",
      std::to_string(options.memory_mib),
      "-kernel",
      kernel_.vmlinuz,
      "-initrd",
      scratch_ / "initramfs",
      "-append",
      "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on rig.root=9p rig.name=" +
          options.name + " rig.kernel=" + kernel_.folder.string() + " " + options.kernel_arguments,
      "-chardev",
      "file,id=console,path=" + (scratch_ / "console").string(),
      "-serial",
      "chardev:console",
      "-chardev",
      socket("qmp", "qmp"),
      "-mon",
      "chardev=qmp,mode=control",
  };
  // An IOMMU among these has to come before the devices behind it.
  line.insert(line.end(), options.arguments.begin(), options.arguments.end());
  const std::vector<std::string> devices{
      "-virtfs",  "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap",
      "-chardev", socket("rig", "rig"),
      "-device",  "virtio-serial-pci",
      "-device",  "virtserialport,chardev=rig,name=rig",
  };
  line.insert(line.end(), devices.begin(), devices.end());
  return line;
}

base::Status Machine::boot(const MachineOptions& options) {
  if (auto built = build_initramfs(); !built) return built;
  auto qemu = Child::start(command_line(options), scratch_ / "qemu.log");
  if (!qemu) return base::fail(qemu.error().text);
  qemu_ = std::move(*qemu);

  const auto connect_deadline = deadline_after(seconds(20));
  auto qmp = Qmp::connect(scratch_ / "qmp", connect_deadline);
  if (!qmp) return base::fail(failure(qmp.error().text));
  qmp_ = std::move(*qmp);
  auto port = LineSocket::connect(scratch_ / "rig", connect_deadline);
  if (!port) return base::fail(failure(port.error().text));
  commands_.emplace(std::move(*port));

  const auto alive = commands_->run("true", options.boot_time, {});
  if (!alive) return base::fail(failure("boot: " + alive.error().text));
  return base::Ok{};
}

std::string Machine::console_tail() const { return tail(scratch_ / "console", console_lines); }

std::string Machine::failure(const std::string& what) const {
  return what + "\n--- QEMU:\n" + tail(scratch_ / "qemu.log", console_lines) +
         "--- the console's last lines:\n" + console_tail() + "---";
}

CommandResult Machine::run(const std::string& command, milliseconds timeout) {
  auto result = commands_->run(command, timeout, answer_grace);
  if (result) return *result;
  CommandResult failed{.exit = -1, .out = failure(command + ": " + result.error().text)};
  std::cerr << "rig: " << failed.out << '\n';
  return failed;
}

long Machine::start_background(const std::string& name, const std::string& command) {
  const std::string log = quoted(background_log(name));
  const auto started =
      run("setsid sh -c " +
          quoted("exec >" + log + " 2>&1 </dev/null; echo $$ >" + log + ".pid; " + command) +
          " >/dev/null 2>&1 & while ! [ -s " + log + ".pid ]; do sleep 0.05; done;" + " cat " +
          log + ".pid; rm " + log + ".pid");
  return started.ok() ? std::strtol(started.out.c_str(), nullptr, 10) : -1;
}

CommandResult Machine::wait_until(const std::string& command, milliseconds timeout) {
  const auto deadline = deadline_after(timeout);
  for (;;) {
    auto result = run(command, timeout);
    if (result.ok() || result.exit == -1) return result;
    if (Clock::now() >= deadline) {
      std::cerr << "rig: " << failure("never succeeded: " + command) << '\n';
      return result;
    }
    std::this_thread::sleep_for(poll_pause);
  }
}

base::Result<boost::json::value> Machine::qmp(std::string_view command,
                                              const boost::json::object& arguments,
                                              milliseconds timeout) {
  return qmp_->execute(command, arguments, deadline_after(timeout));
}

base::Result<boost::json::object> Machine::wait_event(std::string_view name, milliseconds timeout) {
  return qmp_->wait_event(name, deadline_after(timeout));
}

}  // namespace rig
