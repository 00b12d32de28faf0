// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/host/io/scan_machine.hpp"

#include <boost/json/object.hpp>

#include "base/io/files.hpp"
#include "base/io/qmp.hpp"
#include "base/io/run_program.hpp"

namespace scannerqube::io {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using base::io::Fd;
using base::io::Qmp;

// Seeing whether KVM works can take a minute and a half, once after each boot of the host.
constexpr std::chrono::seconds to_start{180};
constexpr std::chrono::seconds to_stop{30};

Qmp::Deadline soon() { return std::chrono::steady_clock::now() + Qmp::usual_time; }

fs::path launcher_of(const MachineOptions& options) {
  if (!options.launcher.empty()) return options.launcher;
  return fs::read_symlink("/proc/self/exe").parent_path() / "sallyport-qube";
}

base::Status launch(const MachineOptions& options, const std::vector<std::string>& words,
                    std::chrono::seconds most) {
  std::vector<std::string> command{launcher_of(options).string()};
  command.insert(command.end(), words.begin(), words.end());
  const auto ran = base::io::run_program(command, most);
  if (!ran) return base::Unexpected{ran.error()};
  if (ran->code == 0) return base::Ok{};
  return base::fail("sallyport-qube: " + ran->output.substr(0, 2048));
}

base::Status run(Qmp& qmp, const char* command, const json::object& arguments,
                 const Fd* passed = nullptr) {
  const auto done = qmp.execute(command, arguments, soon(), passed);
  if (done) return base::Ok{};
  return base::Unexpected{done.error()};
}

json::object disk(const char* serial, const char* slot) {
  return {{"driver", "virtio-blk-pci"},
          {"id", serial},
          {"drive", serial},
          {"serial", serial},
          {"bus", slot},
          // Given, so that QEMU does not read the medium to guess them (hw/block/block.c).
          {"cyls", 16383},
          {"heads", 16},
          {"secs", 63},
          {"rerror", "report"},
          {"werror", "report"}};
}

}  // namespace

ScanMachine::ScanMachine(const MachineOptions& options, std::string name)
    : options_(options), name_(std::move(name)), paths_(options.root) {}

base::Result<std::unique_ptr<ScanMachine>> ScanMachine::start(const MachineOptions& options,
                                                              std::string name) {
  std::unique_ptr<ScanMachine> machine(new ScanMachine(options, std::move(name)));
  auto done = machine->boot();
  if (done) done = machine->plug();
  if (!done) return base::Unexpected{done.error()};
  return machine;
}

// It has had its day: whether it ends by itself is not asked.
ScanMachine::~ScanMachine() { static_cast<void>(end_machine(options_, name_)); }

base::Status ScanMachine::boot() {
  std::error_code error;
  fs::create_directories(paths_.qubes_d(), error);
  if (error) return base::fail("create " + paths_.qubes_d().string() + ": " + error.message());
  const std::string config = "transport = none\nimage = scanner\nlabel = red\nmemory = " +
                             std::to_string(options_.memory_mib) + "\n";
  auto written = base::io::write_file_atomically(paths_.qubes_d() / (name_ + ".conf"), config);
  if (!written) return written;
  return launch(options_,
                {"start", name_, "--root", options_.root.string(), "--images",
                 options_.images.string(), "--accel", options_.accelerator},
                to_start);
}

// The port and the database; both are there long before the guest looks for them.
base::Status ScanMachine::plug() {
  auto pair = base::io::stream_pair();
  if (!pair) return base::Unexpected{pair.error()};
  auto qmp = Qmp::connect(paths_.qube_run(name_) / "qmp.sock", soon());
  if (!qmp) return base::Unexpected{qmp.error()};
  auto done = run(*qmp, "getfd", {{"fdname", "port"}}, &pair->second);
  if (done) {
    done =
        run(*qmp, "chardev-add",
            {{"id", "port"},
             {"backend",
              {{"type", "socket"},
               {"data",
                {{"server", false}, {"addr", {{"type", "fd"}, {"data", {{"str", "port"}}}}}}}}}});
  }
  if (done) {
    done = run(*qmp, "device_add",
               {{"driver", "virtserialport"},
                {"id", "port"},
                {"bus", "ports.0"},
                {"chardev", "port"},
                {"name", "sallyport.scan"}});
  }
  if (done) {
    done = run(*qmp, "blockdev-add",
               {{"driver", "raw"},
                {"node-name", "database"},
                {"read-only", true},
                {"file", {{"driver", "file"}, {"filename", options_.database.string()}}}});
  }
  if (done) done = run(*qmp, "device_add", disk("database", "slot0"));
  if (!done) return done;
  port_ = std::move(pair->first);
  return base::io::set_nonblocking(port_);
}

base::Status ScanMachine::give_medium(const Fd& stream) {
  auto qmp = Qmp::connect(paths_.qube_run(name_) / "qmp.sock", soon());
  if (!qmp) return base::Unexpected{qmp.error()};
  auto done = run(*qmp, "getfd", {{"fdname", "medium"}}, &stream);
  if (done) {
    done = run(*qmp, "blockdev-add",
               {{"driver", "nbd"},
                {"node-name", "medium"},
                {"read-only", true},
                {"server", {{"type", "fd"}, {"str", "medium"}}},
                {"export", ""}});
  }
  if (done) done = run(*qmp, "device_add", disk("medium", "slot1"));
  return done;
}

base::Status end_machine(const MachineOptions& options, const std::string& name) {
  const base::io::Paths paths(options.root);
  const fs::path config = paths.qubes_d() / (name + ".conf");
  std::error_code error;
  if (!fs::exists(config, error)) return base::Ok{};
  auto stopped =
      launch(options, {"stop", name, "--root", options.root.string(), "--wait", "1"}, to_stop);
  if (!stopped) return stopped;
  fs::remove_all(paths.qube_run(name), error);
  fs::remove(config, error);
  return base::Ok{};
}

base::Status end_machines(const MachineOptions& options) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(base::io::Paths(options.root).qubes_d(), error)) {
    names.push_back(each.path().stem().string());
  }
  for (const std::string& name : names) {
    if (auto ended = end_machine(options, name); !ended) return ended;
  }
  return base::Ok{};
}

}  // namespace scannerqube::io
