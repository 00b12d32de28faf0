// SPDX-License-Identifier: GPL-2.0-or-later
// Group usb; see the header and docs/benchmarks.md.
#include "tests/bench/usb.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "tests/bench/guest.hpp"
#include "tests/bench/usb_peers.hpp"
#include "tests/bench/usb_sound.hpp"
#include "tests/places.hpp"

namespace bench {
namespace {

const std::string usb_tools = places::build() + "/tests/bin/";
const std::string usb_guest = usb_tools + "bench_guest";
const std::string allocation_file = "/run/bench-allocations";
constexpr unsigned random_reads = 2048;
constexpr unsigned round_trips = 1000;
constexpr unsigned session_commands = 1000;

struct UsbSamples {
  std::vector<double> read;         // seconds
  std::vector<double> read_urb;     // of one USB request of these
  std::vector<double> write;        //
  std::vector<double> random_read;  // of `random_reads` reads
  std::vector<double> round_trip;   // medians of `round_trips`
  std::vector<double> attach;       // from the command to the disk
  std::vector<double> fast_attach;  // the same without usb-storage's second of patience
};

struct Measured {
  UsbSamples direct;
  UsbSamples usbip;
  UsbSamples ours;
  std::vector<double> session;  // of the frontend, for one request
};

// Of the frontend while the stick is read once.
struct Allocations {
  double count = 0;
  double requests = 0;
};

base::Status sample_read(rig::Machine& vm, const std::string& command, UsbSamples& samples) {
  const auto text = run_in(vm, command);
  if (!text) return base::Unexpected{text.error()};
  std::istringstream in(*text);
  double seconds = 0;
  double requests = 0;
  in >> seconds >> requests;
  if (!in || !(seconds > 0) || !(requests > 0)) return base::fail(command + " said " + *text);
  samples.read.push_back(seconds);
  samples.read_urb.push_back(seconds / requests);
  return base::Ok{};
}

// Keeps the first number that a command prints.
base::Status sample(rig::Machine& vm, const std::string& command, std::vector<double>& samples) {
  const auto text = run_in(vm, command);
  if (!text) return base::Unexpected{text.error()};
  const double seconds = std::strtod(text->c_str(), nullptr);
  if (!(seconds > 0)) return base::fail(command + " said " + *text);
  samples.push_back(seconds);
  return base::Ok{};
}

base::Status measure_disk(rig::Machine& vm, const std::string& disk, unsigned mib,
                          UsbSamples& samples) {
  const std::string path = " /dev/" + disk + ' ';
  const std::string size = std::to_string(mib);
  const std::string reads = std::to_string(random_reads);
  if (auto done = sample_read(vm, usb_guest + " read" + path + size, samples); !done) return done;
  if (auto done = sample(vm, usb_guest + " write" + path + size, samples.write); !done) return done;
  return sample(vm, usb_guest + " random-read" + path + reads, samples.random_read);
}

// They take the disk away for a while, so they come last.
base::Status measure_round_trips(rig::Machine& vm, const std::string& disk, UsbSamples& samples) {
  return sample(vm, usb_guest + " round-trip /dev/" + disk + ' ' + std::to_string(round_trips),
                samples.round_trip);
}

base::Status measure_peer(rig::Machine& vm, const Peer& peer, unsigned mib, UsbSamples& samples) {
  auto attached = attach(vm, peer);
  if (!attached) return base::Unexpected{attached.error()};
  samples.attach.push_back(attached->seconds);
  if (auto done = measure_disk(vm, attached->disk, mib, samples); !done) return done;
  if (auto done = measure_round_trips(vm, attached->disk, samples); !done) return done;
  if (auto done = detach(vm, peer); !done) return done;

  if (auto set = set_patience(vm, Patience::none); !set) return set;
  attached = attach(vm, peer);
  if (!attached) return base::Unexpected{attached.error()};
  samples.fast_attach.push_back(attached->seconds);
  if (auto done = detach(vm, peer); !done) return done;
  return set_patience(vm, Patience::usual);
}

base::Status measure_round(rig::Machine& vm, unsigned mib, Measured& measured) {
  auto stick = wait_for_stick(vm);
  if (!stick) return base::Unexpected{stick.error()};
  if (auto done = measure_disk(vm, *stick, mib, measured.direct); !done) return done;
  if (auto done = measure_peer(vm, kernel_usbip(), mib, measured.usbip); !done) return done;
  if (auto done = measure_peer(vm, usbproxy_peer(), mib, measured.ours); !done) return done;
  stick = wait_for_stick(vm);
  if (!stick) return base::Unexpected{stick.error()};
  if (auto done = measure_round_trips(vm, *stick, measured.direct); !done) return done;
  return sample(vm, usb_tools + "bench_session " + std::to_string(session_commands),
                measured.session);
}

// On an attachment of its own: counting costs time.
base::Result<Allocations> count_allocations(rig::Machine& vm, unsigned mib) {
  const Peer peer = counted_usbproxy(allocation_file);
  const auto attached = attach(vm, peer);
  if (!attached) return base::Unexpected{attached.error()};
  const auto text = run_in(vm, usb_guest + " allocations /dev/" + attached->disk + ' ' +
                                   std::to_string(mib) + ' ' + allocation_file);
  if (!text) return base::Unexpected{text.error()};
  std::istringstream in(*text);
  Allocations found;
  in >> found.count >> found.requests;
  if (!in || found.requests < mib) return base::fail("bench_guest allocations said " + *text);
  if (auto done = detach(vm, peer); !done) return base::Unexpected{done.error()};
  return found;
}

base::Result<std::unique_ptr<rig::Machine>> boot(Timekeeping clock, const std::string& sound) {
  std::vector<std::string> arguments{
      "-blockdev", "driver=null-co,node-name=image,size=134217728,read-zeroes=on,latency-ns=0"};
  for (const std::string& one : sound_arguments(sound)) arguments.push_back(one);
  auto vm = boot_with_stick(arguments, clock);
  if (!vm) return vm;
  const auto ready =
      run_in(**vm,
             "modprobe -a xhci_pci usb_storage sd_mod usbip_host vhci_hcd && usbipd -D >/dev/null "
             "2>&1 && ip link set lo up && usbip port >/dev/null");
  if (!ready) return base::Unexpected{ready.error()};
  return vm;
}

double ratio(double value, double peer) { return peer > 0 ? value / peer : 0; }

std::string machine(const UsbOptions& options, const std::string& kernel) {
  const bool counted = options.clock == Timekeeping::instructions;
  return host() + ", QEMU TCG with one virtual CPU, " +
         (counted ? "-icount shift=1,sleep=off" : "the host's clock") + ", Linux " + kernel;
}

// Of one kind of transfer: ours to usbip's, then what each of the three does. `amount` is what one
// sample moves, in `unit` times seconds.
struct Speed {
  std::string name;
  std::vector<double> UsbSamples::*samples;
  double amount = 0;
  std::string unit;
};

void add_speed(Report& report, const Speed& speed, const Measured& measured) {
  const auto rate = [&speed](const UsbSamples& samples) {
    return ratio(speed.amount, median(samples.*speed.samples));
  };
  const double direct = rate(measured.direct);
  const double usbip = rate(measured.usbip);
  const double ours = rate(measured.ours);
  const auto add = [&report](const std::string& name, double value, const std::string& unit) {
    report.results.push_back({name, value, unit, Better::higher});
  };
  add(speed.name + "_vs_usbip", ratio(ours, usbip), "x");
  add(speed.name + "_vs_direct", ratio(ours, direct), "x");
  add("usbip_" + speed.name + "_vs_direct", ratio(usbip, direct), "x");
  add("direct_" + speed.name, direct, speed.unit);
  add("usbip_" + speed.name, usbip, speed.unit);
  add("usbproxy_" + speed.name, ours, speed.unit);
}

void add_round_trips(Report& report, const Measured& measured) {
  const auto add = [&report](const std::string& name, double value, const std::string& unit) {
    report.results.push_back({name, value, unit, Better::lower});
  };
  constexpr double us = 1e6;
  const double direct = median(measured.direct.round_trip) * us;
  const double usbip = median(measured.usbip.round_trip) * us;
  const double ours = median(measured.ours.round_trip) * us;
  add("roundtrip31_vs_usbip", ratio(ours, usbip), "x");
  add("direct_roundtrip31", direct, "us");
  add("usbip_roundtrip31", usbip, "us");
  add("usbproxy_roundtrip31", ours, "us");
}

// While the machine waits for its host, its clock leaps; a busy host then makes any number of an
// attach. No answer is better than such a one.
bool steady(const std::vector<double>& samples) {
  constexpr double max_spread = 2;
  const auto [least, most] = std::minmax_element(samples.begin(), samples.end());
  return least != samples.end() && *most <= *least * max_spread;
}

void add_attach(Report& report, const Measured& measured) {
  const UsbSamples& usbip = measured.usbip;
  const UsbSamples& ours = measured.ours;
  if (!steady(usbip.attach) || !steady(ours.attach) || !steady(usbip.fast_attach) ||
      !steady(ours.fast_attach)) {
    std::cerr << "bench: attach times are left out, as one differs by more than twice between "
                 "rounds: measure again when the host is less busy\n";
    return;
  }
  const auto add = [&report](const std::string& name, double value, const std::string& unit) {
    report.results.push_back({name, value, unit, Better::lower});
  };
  const double usbip_attach = median(usbip.attach);
  const double our_attach = median(ours.attach);
  const double usbip_fast = median(usbip.fast_attach);
  const double our_fast = median(ours.fast_attach);
  add("attach_time_vs_usbip", ratio(our_attach, usbip_attach), "x");
  add("attach_time_no_wait_vs_usbip", ratio(our_fast, usbip_fast), "x");
  add("usbip_attach_time", usbip_attach, "s");
  add("usbproxy_attach_time", our_attach, "s");
  add("usbip_attach_time_no_wait", usbip_fast, "s");
  add("usbproxy_attach_time_no_wait", our_fast, "s");
}

// The session's time for a request as a part of the whole way's, both by the machine's clock.
void add_frontend(Report& report, const Measured& measured, const Allocations& allocations) {
  const auto add = [&report](const std::string& name, double value, const std::string& unit) {
    report.results.push_back({name, value, unit, Better::lower});
  };
  constexpr double us = 1e6;
  const double session = median(measured.session) * us;
  const double whole = median(measured.ours.read_urb) * us;
  add("allocs_per_urb", ratio(allocations.count, allocations.requests), "");
  add("allocs", allocations.count, "");
  add("allocs_urbs", allocations.requests, "");
  add("firewall_cost", ratio(session, whole), "x");
  add("session_per_urb", session, "us");
  add("usbproxy_read_per_urb", whole, "us");
  add("usbip_read_per_urb", median(measured.usbip.read_urb) * us, "us");
}

void add_sound(Report& report, const SoundLoss& loss) {
  report.results.push_back({"iso_loss", loss.ours, "", Better::lower});
  report.results.push_back({"direct_iso_loss", loss.direct, "", Better::lower});
  report.results.push_back({"iso_frames", loss.frames, "", Better::higher});
}

Report report(const UsbOptions& options, const std::string& kernel, const Measured& measured,
              const Allocations& allocations, const SoundLoss& loss) {
  Report result{.group = "usb", .machine = machine(options, kernel), .results = {}};
  const double megabytes = options.mib * 1.048576;
  const std::array speeds{
      Speed{"seq_read", &UsbSamples::read, megabytes, "MB/s"},
      Speed{"seq_write", &UsbSamples::write, megabytes, "MB/s"},
      Speed{"rand4k_read_qd32", &UsbSamples::random_read, random_reads, "IO/s"},
  };
  for (const Speed& speed : speeds) add_speed(result, speed, measured);
  add_round_trips(result, measured);
  add_attach(result, measured);
  add_frontend(result, measured, allocations);
  add_sound(result, loss);
  return result;
}

}  // namespace

base::Result<Report> measure_usb(const UsbOptions& options) {
  std::cerr << "bench: booting a machine with a stick\n";
  const std::string sound = sound_file();
  auto vm = boot(options.clock, sound);
  if (!vm) return base::Unexpected{vm.error()};
  Measured measured;
  // The first round brings programs and modules into memory and is not counted.
  for (unsigned round = 0; round <= options.rounds; ++round) {
    std::cerr << "bench: "
              << (round == 0
                      ? std::string("warming up")
                      : "round " + std::to_string(round) + " of " + std::to_string(options.rounds))
              << ": stick, usbip, usbproxy\n";
    if (round == 1) measured = {};
    if (auto done = measure_round(**vm, options.mib, measured); !done) {
      return base::Unexpected{done.error()};
    }
  }
  std::cerr << "bench: counting allocations\n";
  const auto allocations = count_allocations(**vm, options.mib);
  if (!allocations) return base::Unexpected{allocations.error()};
  std::cerr << "bench: playing sound\n";
  const auto loss = measure_sound(**vm, sound);
  std::error_code ignored;  // a file in a temporary folder
  std::filesystem::remove(sound, ignored);
  if (!loss) return base::Unexpected{loss.error()};
  return report(options, (*vm)->kernel().version, measured, *allocations, *loss);
}

}  // namespace bench
