// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/qube/io/machine.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include "base/io/files.hpp"

namespace scannerqube::io {
namespace {

namespace fs = std::filesystem;
using base::io::Fd;

constexpr std::chrono::milliseconds look_again{10};
constexpr std::chrono::seconds until_usable{10};

struct Mount {
  const char* type;
  const char* where;
  unsigned long flags;
  const char* options;
};
constexpr unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr std::array mounts{Mount{"proc", "/proc", plain, ""}, Mount{"sysfs", "/sys", plain, ""},
                            Mount{"tmpfs", "/run", plain, "mode=0755,size=1m"},
                            Mount{"tmpfs", scratch_folder, plain, "mode=1777,size=60%"}};

// What the kernel does for nobody here: console keys, helper programs, its log, its addresses.
struct Setting {
  const char* file;
  std::string_view value;
};
constexpr std::array settings{
    Setting{"/proc/sys/kernel/sysrq", "0"}, Setting{"/proc/sys/kernel/modprobe", "\n"},
    Setting{"/proc/sys/kernel/dmesg_restrict", "1"}, Setting{"/proc/sys/kernel/kptr_restrict", "2"},
    Setting{"/proc/sys/kernel/yama/ptrace_scope", "3"}};

base::Status put(const char* file, std::string_view value) {
  const Fd fd(::open(file, O_WRONLY | O_CLOEXEC));
  if (!fd) return base::io::fail_errno(std::string("open ") + file);
  return base::io::write_all(fd, value);
}

// In the order of their names, as the image was made.
base::Status load_modules() {
  std::vector<fs::path> modules;
  std::error_code error;
  for (const auto& each : fs::directory_iterator("/lib/modules", error)) {
    modules.push_back(each.path());
  }
  if (error) return base::fail("list /lib/modules: " + error.message());
  std::ranges::sort(modules);
  for (const fs::path& module : modules) {
    const Fd fd(::open(module.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::syscall(SYS_finit_module, fd.get(), "", 0) != 0) {
      return base::io::fail_errno("load " + module.string());
    }
  }
  return put("/proc/sys/kernel/modules_disabled", "1");
}

// The first entry of a class whose attribute reads `value`, and that has its node already.
base::Result<std::string> wait_for(const char* folder, const char* attribute,
                                   std::string_view value, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  do {
    std::error_code error;
    for (const auto& each : fs::directory_iterator(folder, error)) {
      if (base::io::read_attribute(each.path() / attribute) == value &&
          fs::exists(fs::path("/dev") / each.path().filename(), error)) {
        return each.path().filename().string();
      }
    }
    std::this_thread::sleep_for(look_again);
  } while (std::chrono::steady_clock::now() < until);
  return base::fail(std::string("nothing in ") + folder + " is called " + std::string(value) +
                    " after " + std::to_string(limit.count()) + " ms");
}

}  // namespace

base::Status prepare_machine() {
  for (const Mount& each : mounts) {
    if (::mount(each.type, each.where, each.type, each.flags, each.options) != 0) {
      return base::io::fail_errno(std::string("mount ") + each.where);
    }
  }
  for (const Setting& each : settings) {
    // One that this kernel does not have hinders nobody.
    if (::access(each.file, F_OK) != 0) continue;
    if (auto done = put(each.file, each.value); !done) return done;
  }
  return load_modules();
}

base::Result<std::string> wait_for_disk(std::string_view serial, std::chrono::milliseconds limit) {
  auto name = wait_for("/sys/block", "serial", serial, limit);
  if (!name) return name;
  const std::string disk = "/dev/" + *name;
  // The kernel shows a disk, and makes its node, a moment before it can be opened.
  const auto until = std::chrono::steady_clock::now() + until_usable;
  while (!Fd(::open(disk.c_str(), O_RDONLY | O_CLOEXEC))) {
    if (std::chrono::steady_clock::now() >= until) return base::io::fail_errno("open " + disk);
    std::this_thread::sleep_for(look_again);
  }
  return disk;
}

base::Status mount_database(const std::string& disk) {
  if (::mount(disk.c_str(), mounted_database, "squashfs", plain | MS_RDONLY, "") == 0) {
    return base::Ok{};
  }
  return base::io::fail_errno("mount the database's disk " + disk, "import a database again");
}

base::Result<Fd> open_port(std::string_view name, std::chrono::milliseconds limit) {
  const auto port = wait_for("/sys/class/virtio-ports", "name", name, limit);
  if (!port) return base::Unexpected{port.error()};
  Fd fd(::open(("/dev/" + *port).c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return base::io::fail_errno("open the port " + *port);
  return fd;
}

void power_off() {
  ::sync();
  ::reboot(RB_POWER_OFF);
  ::_exit(1);  // the first process' end stops the kernel
}

}  // namespace scannerqube::io
