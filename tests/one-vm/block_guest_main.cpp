// SPDX-License-Identifier: GPL-2.0-or-later
// block_guest: shows what a qube in a machine would tell of its block devices.
//
//   block_guest watch FILE                       prints "added LINE", "changed LINE",
//                                                "removed PORT", "hidden NAME: REASON" until it is
//                                                killed; what FILE lists is attached
//   block_guest open SOCKET MAJOR MINOR ro|rw    asks root's device helper, prints the size or why
//                                                not; with another word behind, keeps the device
//                                                until it is killed
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "agent/devices/client.hpp"
#include "sys-usb/io/block_watcher.hpp"

namespace {

int complain(const std::string& what) {
  std::cerr << "block_guest: " << what << '\n';
  return EXIT_FAILURE;
}

std::string line_of(const sysusb::BlockRecord& record) {
  constexpr const char* kinds[] = {"disk", "partition", "loop", "dm", "cdrom"};
  std::string line = record.port_id + " " + kinds[static_cast<int>(record.kind)];
  line += record.mode == sysusb::BlockMode::read_only ? " ro " : " rw ";
  line += std::to_string(record.size);
  for (const std::string* each :
       {&record.parent, &record.usb_interface, &record.serial, &record.label, &record.backing}) {
    if (!each->empty()) line += " " + *each;
  }
  return line;
}

class AttachedFile {
 public:
  AttachedFile(boost::asio::io_context& io, std::string path, sysusb::BlockWatcher& watcher)
      : timer_(io), path_(std::move(path)), watcher_(watcher) {}

  void poll() {
    std::ifstream file(path_);
    std::set<std::string> names;
    for (std::string name; file >> name;) names.insert(name);
    watcher_.set_attached(std::move(names));
    timer_.expires_after(std::chrono::milliseconds(100));
    timer_.async_wait([this](const boost::system::error_code&) { poll(); });
  }

 private:
  boost::asio::steady_timer timer_;
  std::string path_;
  sysusb::BlockWatcher& watcher_;
};

int watch(const std::string& attached) {
  using Record = sysusb::BlockRecord;
  boost::asio::io_context io;
  sysusb::BlockWatcher watcher(
      io,
      {.added = [](const Record& one) { std::cout << "added " << line_of(one) << std::endl; },
       .changed = [](const Record& one) { std::cout << "changed " << line_of(one) << std::endl; },
       .removed = [](const std::string& id) { std::cout << "removed " << id << std::endl; },
       .complete = [] { std::cout << "complete" << std::endl; },
       .hidden =
           [](const std::string& name, sysusb::Hidden reason) {
             std::cout << "hidden " << name << ": " << describe(reason) << std::endl;
           },
       .blind = [](const std::string& why) { std::cout << "blind " << why << std::endl; }});
  if (auto started = watcher.start(); !started) return complain(started.error().text);
  AttachedFile file(io, attached, watcher);
  file.poll();
  io.run();
  return EXIT_SUCCESS;
}

int open_device(const std::string& socket, const std::string& major, const std::string& minor,
                const std::string& mode, bool keep) {
  auto client = agent::devices::Client::connect(socket);
  if (!client) return complain(client.error().text);
  const auto access = mode == "rw" ? agent::devices::BlockAccess::read_write
                                   : agent::devices::BlockAccess::read_only;
  const auto fd = client->open_block(static_cast<std::uint32_t>(std::atoi(major.c_str())),
                                     static_cast<std::uint32_t>(std::atoi(minor.c_str())), access);
  if (!fd) return complain(fd.error().text);
  std::uint64_t size = 0;
  if (::ioctl(fd->get(), BLKGETSIZE64, &size) != 0) return complain("BLKGETSIZE64");
  std::string block(512, '\0');
  if (::pread(fd->get(), block.data(), block.size(), 0) != 512) return complain("read");
  const bool written = ::pwrite(fd->get(), block.data(), block.size(), 0) == 512;
  std::cout << size << (written ? " written" : " not written") << std::endl;
  if (keep) ::pause();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "watch" && argc == 3) return watch(argv[2]);
  if (mode == "open" && (argc == 6 || argc == 7))
    return open_device(argv[2], argv[3], argv[4], argv[5], argc == 7);
  return complain("usage: watch FILE | open SOCKET MAJOR MINOR ro|rw [keep]");
}
