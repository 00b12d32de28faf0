// SPDX-License-Identifier: GPL-2.0-or-later
// In a machine: a file of a mounted stick, read where the stick is, over usbproxy and over
// block-proxy. One machine plays both qubes, as for ./bench usb.
#include <fstream>
#include <iostream>
#include <random>

#include "tests/bench/block.hpp"
#include "tests/bench/guest.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace bench {
namespace {

constexpr unsigned mib = 48;
constexpr const char* file = "/run/bench/mnt/DATA.BIN";

const std::string bin = places::build() + "/bin/";
const std::string tools = places::build() + "/tests/bin/";

struct Way {
  std::string name;
  std::string attach;  // prints the disk's name
  std::string detach;
  std::vector<double> seconds = {};
};

std::vector<Way> ways() {
  const std::string pair =
      "exec " + tools + "bench_guest pair " + bin + "sallyport-usb-backend --port " + stick_port +
      " --direct --stream-fd 3 -- " + bin + "sallyport-usb-frontend --direct-vhci --stream-fd 3";
  return {
      {.name = "local", .attach = find_stick, .detach = "true"},
      {.name = "usbproxy",
       .attach = tools + "bench_guest until-disk \"" + pair + "\" | cut -d' ' -f2",
       .detach = "pkill -TERM -f '^" + bin + "sallyport-usb-frontend'; while " + find_virtual +
                 "; do sleep 0.1; done"},
      {.name = "block",
       .attach = "ln -sf /dev/$(" + find_stick +
                 ") /run/bench/stick; printf 'sys-usb stick\\noption read-only yes\\noption "
                 "frontend-dev xvdi\\n\\n' | " +
                 bin +
                 "sallyport-block-frontend --agent-socket /run/bench/agent.sock --devices-socket "
                 "/run/bench/devices.sock > /run/bench/frontend.log 2>&1 & "
                 "for i in $(seq 600); do test -b /dev/xvdi && break; sleep 0.1; done; "
                 "test -b /dev/xvdi || { cat /run/bench/frontend.log; exit 1; }; echo xvdi",
       .detach = "pkill -TERM -f '^" + bin +
                 "sallyport-block-frontend'; while test -e /dev/xvdi; do sleep 0.1; done"}};
}

base::Status make_content(const std::filesystem::path& folder) {
  std::ofstream out(folder / "DATA.BIN", std::ios::binary);
  std::mt19937_64 random(1);
  std::string block(1 << 20, '\0');
  for (unsigned i = 0; i < mib; ++i) {
    for (char& byte : block) byte = static_cast<char>(random());
    out << block;
  }
  out.close();
  if (out.good()) return base::Ok{};
  return base::fail("cannot write " + folder.string());
}

base::Result<std::unique_ptr<rig::Machine>> boot(const std::filesystem::path& content,
                                                 Timekeeping clock) {
  // A file system that QEMU makes of a folder, without worker threads: its answers take no time
  // that the guest's clock would see (guest.hpp). Behind its partition table.
  auto vm = boot_with_stick(
      {"-blockdev",
       "driver=vvfat,node-name=folder,fat-type=16,read-only=on,dir=" + content.string(),
       "-blockdev", "driver=raw,node-name=image,read-only=on,offset=32256,file=folder"},
      clock);
  if (!vm) return vm;
  const auto ready = run_in(
      **vm,
      "set -e; modprobe -a xhci_pci usb_storage sd_mod vhci_hcd nbd vfat nls_cp437 nls_ascii\n"
      "mkdir -p /run/bench/mnt\n"
      "setsid " +
          bin +
          "sallyport-devices --allow-nbd --socket /run/bench/devices.sock "
          "> /run/bench/devices.log 2>&1 &\n"
          "setsid " +
          tools + "bench_block_guest agent /run/bench/agent.sock " + bin +
          "sallyport-block-server --read-only /run/bench/stick > /run/bench/agent.log 2>&1 &\n"
          "while ! test -S /run/bench/devices.sock; do sleep 0.1; done");
  if (!ready) return base::Unexpected{ready.error()};
  return vm;
}

base::Status measure(rig::Machine& vm, Way& way) {
  if (auto there = wait_for_stick(vm); !there) return base::Unexpected{there.error()};
  const auto disk = run_in(vm, way.attach);
  if (!disk) return base::Unexpected{disk.error()};
  const auto read =
      run_in(vm, "mount -t vfat -o ro /dev/" + *disk +
                     " /run/bench/mnt && sync && echo 3 > /proc/sys/vm/drop_caches && " + tools +
                     "bench_block_guest read " + file + " " + std::to_string(mib) +
                     "; e=$?; umount /run/bench/mnt; exit $e");
  if (!read) return base::Unexpected{read.error()};
  way.seconds.push_back(std::strtod(read->c_str(), nullptr));
  if (auto gone = run_in(vm, way.detach); !gone) return base::Unexpected{gone.error()};
  return base::Ok{};
}

}  // namespace

base::Status measure_mounted(unsigned rounds, Timekeeping clock, Report& report) {
  const tests::Folder content;
  if (auto made = make_content(content.path()); !made) return made;
  std::cerr << "bench: booting a machine with a stick\n";
  auto vm = boot(content.path(), clock);
  if (!vm) return base::Unexpected{vm.error()};
  std::vector<Way> all = ways();
  // The first round brings programs and modules into memory and is not counted.
  for (unsigned round = 0; round <= rounds; ++round) {
    std::cerr << "bench: mounted, round " << round << " of " << rounds << '\n';
    for (Way& way : all) {
      if (auto done = measure(**vm, way); !done) return done;
      if (round == 0) way.seconds.clear();
    }
  }
  const auto rate = [](const Way& way) { return mib * 1.048576 / median(way.seconds); };
  for (const Way& way : all) {
    report.results.push_back({"mounted_read_" + way.name, rate(way), "MB/s", Better::higher});
  }
  const double ours = rate(all[2]);
  report.results.push_back({"mounted_read_vs_usbproxy", ours / rate(all[1]), "x", Better::higher});
  report.results.push_back({"mounted_read_vs_local", ours / rate(all[0]), "x", Better::higher});
  return base::Ok{};
}

}  // namespace bench
