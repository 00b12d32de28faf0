// SPDX-License-Identifier: GPL-2.0-or-later
// Group usb; see the header and docs/benchmarks.md.
#include "tests/bench/usb.hpp"

#include <iostream>
#include <sstream>

#include "tests/bench/guest.hpp"

namespace bench {
namespace {

const std::string bin = SALLYPORT_BINARY_DIR "/bin/";
const std::string guest = SALLYPORT_BINARY_DIR "/tests/bin/bench_guest";
struct Samples {
  std::vector<double> read;         // seconds
  std::vector<double> attach;       // seconds, from the command to the disk
  std::vector<double> fast_attach;  // the same without usb-storage's second of patience
};

struct Peer {
  std::string name;
  std::string attach;
  std::string detach;
  Samples samples{};
};

base::Result<double> read_seconds(rig::Machine& vm, const std::string& disk, unsigned mib) {
  const auto text = run_in(vm, guest + " read /dev/" + disk + ' ' + std::to_string(mib));
  if (!text) return base::Unexpected{text.error()};
  return std::strtod(text->c_str(), nullptr);
}

std::vector<Peer> peers() {
  return {
      {.name = "usbip",
       .attach =
           "usbip bind -b " + stick_port + " && exec usbip attach -r 127.0.0.1 -b " + stick_port,
       .detach = "for p in $(usbip port | sed -n 's/^Port 0*\\([0-9]*\\):.*/\\1/p'); do "
                 "usbip detach -p $p; done; usbip unbind -b " +
                 stick_port},
      {.name = "usbproxy",
       .attach = "exec " + guest + " pair " + bin + "sallyport-usb-backend --port " + stick_port +
                 " --direct --stream-fd 3 -- " + bin +
                 "sallyport-usb-frontend --direct-vhci --stream-fd 3",
       .detach = "pkill -TERM -f '^" + bin + "sallyport-usb-frontend'"},
  };
}

enum class Patience { usual, none };

// usb-storage waits a second before it looks at a new disk, whoever brings it.
base::Status set_patience(rig::Machine& vm, Patience patience) {
  const std::string value = patience == Patience::usual ? "1" : "0";
  auto set = run_in(vm, "echo " + value + " > /sys/module/usb_storage/parameters/delay_use");
  if (!set) return base::Unexpected{set.error()};
  return base::Ok{};
}

// From the stick with its own driver to a disk of the virtual controller: seconds and its name.
base::Result<std::pair<double, std::string>> attach(rig::Machine& vm, const Peer& peer) {
  const auto text = run_in(vm, guest + " until-disk \"" + peer.attach + '"');
  if (!text) return base::Unexpected{text.error()};
  std::istringstream in(*text);
  std::pair<double, std::string> attached;
  in >> attached.first >> attached.second;
  if (attached.second.empty()) return base::fail(peer.name + ": attach said " + *text);
  return attached;
}

base::Status detach(rig::Machine& vm, const Peer& peer) {
  auto gone = run_in(vm, "{ " + peer.detach + "; } >/dev/null 2>&1; for i in $(seq 600); do { " +
                             find_virtual + "; } || exit 0; sleep 0.1; done; exit 1");
  if (!gone) return base::Unexpected{gone.error()};
  if (auto back = wait_for_stick(vm); !back) return base::Unexpected{back.error()};
  return base::Ok{};
}

base::Status measure_peer(rig::Machine& vm, Peer& peer, unsigned mib) {
  auto attached = attach(vm, peer);
  if (!attached) return base::Unexpected{attached.error()};
  peer.samples.attach.push_back(attached->first);
  const auto seconds = read_seconds(vm, attached->second, mib);
  if (!seconds) return base::Unexpected{seconds.error()};
  peer.samples.read.push_back(*seconds);
  if (auto done = detach(vm, peer); !done) return done;

  if (auto set = set_patience(vm, Patience::none); !set) return set;
  attached = attach(vm, peer);
  if (!attached) return base::Unexpected{attached.error()};
  peer.samples.fast_attach.push_back(attached->first);
  if (auto done = detach(vm, peer); !done) return done;
  return set_patience(vm, Patience::usual);
}

base::Status measure_round(rig::Machine& vm, Samples& direct, std::vector<Peer>& others,
                           unsigned mib) {
  const auto stick = wait_for_stick(vm);
  if (!stick) return base::Unexpected{stick.error()};
  const auto seconds = read_seconds(vm, *stick, mib);
  if (!seconds) return base::Unexpected{seconds.error()};
  direct.read.push_back(*seconds);
  for (Peer& peer : others) {
    if (auto done = measure_peer(vm, peer, mib); !done) return done;
  }
  return base::Ok{};
}

base::Result<std::unique_ptr<rig::Machine>> boot(Timekeeping clock) {
  auto vm = boot_with_stick(
      {"-blockdev", "driver=null-co,node-name=image,size=134217728,read-zeroes=on,latency-ns=0"},
      clock);
  if (!vm) return vm;
  const auto ready =
      run_in(**vm,
             "modprobe -a xhci_pci usb_storage sd_mod usbip_host vhci_hcd && usbipd -D >/dev/null "
             "2>&1 && ip link set lo up && usbip port >/dev/null");
  if (!ready) return base::Unexpected{ready.error()};
  return vm;
}

Report report(const UsbOptions& options, const std::string& kernel, const Samples& direct,
              const std::vector<Peer>& others) {
  const Samples& usbip = others[0].samples;
  const Samples& ours = others[1].samples;
  const auto rate = [&options](const Samples& samples) {
    const double seconds = median(samples.read);
    return seconds > 0 ? options.mib * 1.048576 / seconds : 0;
  };
  const auto ratio = [](double value, double peer) { return peer > 0 ? value / peer : 0; };
  const double usbip_attach = median(usbip.attach);
  const double our_attach = median(ours.attach);
  const double usbip_fast = median(usbip.fast_attach);
  const double our_fast = median(ours.fast_attach);
  Report result{.group = "usb", .machine = host(), .results = {}};
  result.machine += ", QEMU TCG with one virtual CPU, ";
  result.machine +=
      options.clock == Timekeeping::instructions ? "-icount shift=1,sleep=off" : "the host's clock";
  result.machine += ", Linux " + kernel;
  result.results = {
      {"seq_read_vs_usbip", ratio(rate(ours), rate(usbip)), "x", Better::higher},
      {"attach_time_vs_usbip", ratio(our_attach, usbip_attach), "x", Better::lower},
      {"seq_read_vs_direct", ratio(rate(ours), rate(direct)), "x", Better::higher},
      {"attach_time_no_wait_vs_usbip", ratio(our_fast, usbip_fast), "x", Better::lower},
      {"usbip_seq_read_vs_direct", ratio(rate(usbip), rate(direct)), "x", Better::higher},
      {"direct_seq_read", rate(direct), "MB/s", Better::higher},
      {"usbip_seq_read", rate(usbip), "MB/s", Better::higher},
      {"usbproxy_seq_read", rate(ours), "MB/s", Better::higher},
      {"usbip_attach_time", usbip_attach, "s", Better::lower},
      {"usbproxy_attach_time", our_attach, "s", Better::lower},
      {"usbip_attach_time_no_wait", usbip_fast, "s", Better::lower},
      {"usbproxy_attach_time_no_wait", our_fast, "s", Better::lower},
  };
  return result;
}

}  // namespace

base::Result<Report> measure_usb(const UsbOptions& options) {
  std::cerr << "bench: booting a machine with a stick\n";
  auto vm = boot(options.clock);
  if (!vm) return base::Unexpected{vm.error()};
  Samples direct;
  std::vector<Peer> others = peers();
  // The first round brings programs and modules into memory and is not counted.
  for (unsigned round = 0; round <= options.rounds; ++round) {
    std::cerr << "bench: "
              << (round == 0
                      ? std::string("warming up")
                      : "round " + std::to_string(round) + " of " + std::to_string(options.rounds))
              << ": stick, usbip, usbproxy\n";
    if (round == 1) {
      direct = {};
      for (Peer& peer : others) peer.samples = {};
    }
    if (auto done = measure_round(**vm, direct, others, options.mib); !done) {
      return base::Unexpected{done.error()};
    }
  }
  return report(options, (*vm)->kernel().version, direct, others);
}

}  // namespace bench
