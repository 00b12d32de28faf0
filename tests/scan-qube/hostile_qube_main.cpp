// SPDX-License-Identifier: GPL-2.0-or-later
// The first program of a scanner qube that was taken over: says and does what /mode names.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/io/files.hpp"
#include "scanner-qube/qube/message.hpp"

namespace {

namespace fs = std::filesystem;
using base::io::Fd;
using scannerqube::Chunk;
using scannerqube::Done;
using scannerqube::Failure;
using scannerqube::FromQube;
using scannerqube::Ready;
using scannerqube::ScanProgress;

[[noreturn]] void live_on() {
  for (;;) ::sleep(1000);
}

void prepare() {
  ::mount("proc", "/proc", "proc", 0, "");
  ::mount("sysfs", "/sys", "sysfs", 0, "");
  std::vector<fs::path> modules;
  for (const auto& each : fs::directory_iterator("/lib/modules")) modules.push_back(each.path());
  std::ranges::sort(modules);
  for (const fs::path& module : modules) {
    const Fd fd(::open(module.c_str(), O_RDONLY | O_CLOEXEC));
    ::syscall(SYS_finit_module, fd.get(), "", 0);
  }
}

Fd open_port() {
  for (;;) {
    std::error_code error;
    for (const auto& each : fs::directory_iterator("/sys/class/virtio-ports", error)) {
      if (base::io::read_attribute(each.path() / "name") != "sallyport.scan") continue;
      return Fd(::open(("/dev/" + each.path().filename().string()).c_str(), O_RDWR | O_CLOEXEC));
    }
    ::usleep(10'000);
  }
}

class Port {
 public:
  void say(const std::vector<FromQube>& messages) const {
    std::vector<std::byte> out;
    for (const FromQube& each : messages) append_message(out, each);
    say_bytes(base::wire::as_text(out));
  }
  void say_bytes(std::string_view bytes) const {
    static_cast<void>(base::io::write_all(fd_, bytes));
  }
  void say_file(Chunk::Of of, const char* path) const {
    std::ifstream in(path, std::ios::binary);
    std::string bytes(scannerqube::max_chunk, '\0');
    while (in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) || in.gcount() > 0) {
      const auto part = base::wire::as_bytes(
          std::string_view(bytes).substr(0, static_cast<std::size_t>(in.gcount())));
      say({Chunk{.of = of, .bytes = {part.begin(), part.end()}}});
    }
  }
  void wait_for_order() const {
    std::array<char, 512> bytes{};
    while (::read(fd_.get(), bytes.data(), bytes.size()) <= 0) ::usleep(10'000);
  }

 private:
  Fd fd_ = open_port();
};

std::vector<std::string> disks() {
  std::vector<std::string> all;
  for (const auto& each : fs::directory_iterator("/sys/block")) {
    const std::string name = each.path().filename();
    if (name.starts_with("vd")) all.push_back(name);
  }
  return all;
}

// Writable if it can be made so: as root, past the page cache, at several places.
bool written(const std::string& disk) {
  const std::string path = "/dev/" + disk;
  for (const int how : {O_RDWR, O_WRONLY, O_RDWR | O_DIRECT, O_WRONLY | O_SYNC}) {
    const Fd readable(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const int writable = 0;
    ::ioctl(readable.get(), BLKROSET, &writable);
    std::ofstream("/sys/block/" + disk + "/force_ro") << "0";
    const Fd fd(::open(path.c_str(), how | O_CLOEXEC));
    if (!fd) continue;
    alignas(4096) std::array<char, 4096> bytes{};
    for (const off_t at : {off_t{0}, off_t{4096}, off_t{1} << 20}) {
      const ssize_t put = ::pwrite(fd.get(), bytes.data(), bytes.size(), at);
      if (put > 0 && ::fsync(fd.get()) == 0) return true;
    }
    std::array<std::uint64_t, 2> range{0, 4096};
    if (::ioctl(fd.get(), BLKDISCARD, range.data()) == 0) return true;
    if (::ioctl(fd.get(), BLKZEROOUT, range.data()) == 0) return true;
  }
  return false;
}

std::string nets() {
  std::string all;
  for (const auto& each : fs::directory_iterator("/sys/class/net")) {
    all += (all.empty() ? "" : ",") + each.path().filename().string();
  }
  return all;
}

bool reaches_by_vsock() {
  const Fd fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return false;
  sockaddr_vm to{};
  to.svm_family = AF_VSOCK;
  to.svm_cid = VMADDR_CID_HOST;
  to.svm_port = 1024;
  return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;  // NOLINT
}

bool reaches_by_inet() {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return false;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(53);
  to.sin_addr.s_addr = htonl(0x0a000203);  // QEMU's own name server, if there were a network
  return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;  // NOLINT
}

std::size_t usb_devices() {
  std::error_code error;
  const fs::directory_iterator all("/sys/bus/usb/devices", error);
  return error ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::string attack() {
  while (disks().size() < 3) ::usleep(10'000);
  std::size_t changed = 0;
  for (const std::string& disk : disks()) changed += written(disk) ? 1U : 0U;
  return "attacked: disks=" + std::to_string(disks().size()) +
         " written=" + std::to_string(changed) + " nets=" + nets() +
         " vsock=" + (reaches_by_vsock() ? "yes" : "no") +
         " inet=" + (reaches_by_inet() ? "yes" : "no") + " usb=" + std::to_string(usb_devices());
}

}  // namespace

int main() {
  prepare();
  std::string mode;
  std::ifstream("/mode") >> mode;
  if (mode == "absent") return 1;
  const Port port;
  if (mode == "unready") live_on();
  port.say({Ready{.signatures = 1, .options = {}, .engine = "hostile"}});
  port.wait_for_order();
  if (mode == "attack") port.say({Failure{.why = attack()}});
  if (mode == "flood") {
    for (;;) port.say(std::vector<FromQube>(1000, ScanProgress{.files = 1, .bytes = 1}));
  }
  if (mode == "garbage") port.say_bytes(std::string(65536, '\xff'));
  if (mode == "lie") {
    const std::string_view text = R"({"verdict":"clean"})";
    const auto bytes = base::wire::as_bytes(text);
    port.say({Chunk{.of = Chunk::Of::report, .bytes = {bytes.begin(), bytes.end()}}, Done{}});
  }
  // What a qube that was taken over may say: a report that fits, and any list of clean files.
  if (mode == "list") {
    port.say_file(Chunk::Of::report, "/report");
    port.say_file(Chunk::Of::files, "/files");
    port.say({Done{}});
  }
  while (mode == "drip") {
    port.say({ScanProgress{.files = 1, .bytes = 1}});
    ::usleep(200'000);
  }
  live_on();
}
