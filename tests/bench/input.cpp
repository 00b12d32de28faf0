// SPDX-License-Identifier: GPL-2.0-or-later
// Group input; see the header and docs/benchmarks.md.
#include "tests/bench/input.hpp"

#include <chrono>
#include <sstream>

#include "tests/base/typing/typing_traces.hpp"
#include "tests/places.hpp"
#include "tests/rig/machine.hpp"

namespace bench {
namespace {

const std::string bin = places::build() + "/bin";
const std::string guest = places::build() + "/tests/bin/bench_input_guest";
constexpr unsigned frames = 2000;
// Of which a quarter are clicks and a quarter a finger's, at 8,000 a second, to a receiver that
// stands still a fifth of the time.
constexpr unsigned flood_events = 1'000'000;
constexpr std::chrono::minutes command_deadline{30};

struct Samples {
  std::vector<double> p50;
  std::vector<double> p99;
  std::vector<double> cpu;
};

base::Status measure(rig::Machine& vm, const std::string& way, Samples& samples) {
  const auto done =
      vm.run(guest + " " + way + " latency " + std::to_string(frames), command_deadline);
  if (!done.ok()) return base::fail(way + ": " + done.out);
  std::istringstream in(done.out);
  double p50 = 0, p99 = 0, cpu = 0;
  if (!(in >> p50 >> p99 >> cpu)) return base::fail(way + " said " + done.out);
  samples.p50.push_back(p50);
  samples.p99.push_back(p99);
  samples.cpu.push_back(cpu);
  return base::Ok{};
}

// Nothing was lost and all came in order: 0.
base::Result<double> flood(rig::Machine& vm) {
  const auto done =
      vm.run(guest + " proxy " + bin + " flood " + std::to_string(flood_events) + " 8000 200",
             command_deadline);
  if (done.ok()) return 0.0;
  if (!done.out.starts_with("LOST")) return base::fail("flood: " + done.out);
  return 1.0;
}

double ratio(const std::vector<double>& ours, const std::vector<double>& peer) {
  const double of = median(peer);
  return of > 0 ? median(ours) / of : 0;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

base::Result<Report> measure_input(unsigned rounds, Timekeeping clock) {
  rig::MachineOptions options;
  options.name = "bench";
  options.memory_mib = 1024;
  const bool counted = clock == Timekeeping::instructions;
  if (counted) options.arguments = {"-icount", "shift=1,sleep=off"};
  auto vm = rig::Machine::start(options);
  if (!vm) return base::Unexpected{vm.error()};
  const auto ready = (*vm)->run("modprobe -a uinput evdev", command_deadline);
  if (!ready.ok()) return base::fail("modprobe: " + ready.out);
  Samples pipe, proxy, sockets, proxy_sockets, ignored;
  // What loads programs for the first time is not counted.
  const std::vector<std::pair<std::string, Samples*>> ways{
      {"pipe", &pipe},
      {"proxy " + bin, &proxy},
      {"sockets", &sockets},
      {"proxy-sockets " + bin, &proxy_sockets}};
  for (const auto& [way, samples] : ways) {
    if (auto warm = measure(**vm, way, ignored); !warm) return base::Unexpected{warm.error()};
  }
  for (unsigned round = 0; round < rounds; ++round) {
    for (const auto& [way, samples] : ways) {
      if (auto done = measure(**vm, way, *samples); !done) return base::Unexpected{done.error()};
    }
  }
  const auto lost = flood(**vm);
  if (!lost) return base::Unexpected{lost.error()};
  const auto rates = base::typing::traces::measure_injection();
  using base::typing::traces::Kind;
  const auto& human_like = rates.of(Kind::human_like);
  Report report{.group = "input", .machine = host(), .results = {}};
  report.machine += ", QEMU TCG with one virtual CPU, ";
  report.machine += counted ? "-icount shift=1,sleep=off" : "the host's clock";
  report.machine += ", Linux " + (*vm)->kernel().version;
  report.results = {
      {"latency_p99_vs_pipe", ratio(proxy.p99, pipe.p99), "x", Better::lower},
      {"latency_p50_vs_pipe", ratio(proxy.p50, pipe.p50), "x", Better::lower},
      {"cpu_per_event_vs_pipe", ratio(proxy.cpu, pipe.cpu), "x", Better::lower},
      {"latency_p99_sockets_vs_pipe", ratio(proxy_sockets.p99, pipe.p99), "x", Better::lower},
      {"latency_p99_sockets_vs_sockets", ratio(proxy_sockets.p99, sockets.p99), "x", Better::lower},
      {"injection_detected", share(rates.detected, rates.payloads), "of 1", Better::higher},
      {"false_alarms", share(rates.false_alarms, rates.humans), "of 1", Better::lower},
      {"events_lost_of_a_million", *lost, "runs", Better::lower},
      {"injection_detected_human_like", share(human_like.detected, human_like.traces), "of 1",
       Better::higher},
      {"worst_fast_presses", static_cast<double>(rates.worst_fast_presses), "keys", Better::lower},
      {"pipe_p50", median(pipe.p50), "us", Better::lower},
      {"pipe_p99", median(pipe.p99), "us", Better::lower},
      {"proxy_p50", median(proxy.p50), "us", Better::lower},
      {"proxy_p99", median(proxy.p99), "us", Better::lower},
      {"sockets_p99", median(sockets.p99), "us", Better::lower},
      {"proxy_sockets_p99", median(proxy_sockets.p99), "us", Better::lower},
      {"pipe_cpu_per_event", median(pipe.cpu), "us", Better::lower},
      {"proxy_cpu_per_event", median(proxy.cpu), "us", Better::lower},
  };
  return report;
}

}  // namespace bench
