// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshot process beside the block server that it reads from.
#include <algorithm>
#include <map>

#include "tests/bench/block.hpp"
#include "tests/bench/block_client.hpp"
#include "tests/bench/block_server.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace bench {
namespace {

constexpr Load sequential{Pattern::sequential, 1 << 20, 4, 1, 400};
constexpr Load random{Pattern::random, 4096, 64, 1, 400};
constexpr const char* kit_rate = "3200M";  // bits: 400 MB/s, a fast stick on USB 3

using Rates = std::map<std::string, std::vector<double>>;

std::string program(const char* name) { return places::build() + "/bin/" + name; }

// The store is in memory: what is measured is the process, not the machine's disk.
class Rig {
 public:
  explicit Rig(std::filesystem::path medium) : medium_(std::move(medium)) {}

  base::Status measure_round(Rates& rates);

 private:
  Server raw() const {
    return {"raw",
            {program("sallyport-block-server"), "--read-only", "--listen", at("raw"),
             medium_.string()}};
  }
  Server stick() const {
    return {"stick",
            {"nbdkit", "-f", "-r", "--unix", at("stick"), "--filter=rate", "file",
             "file=" + medium_.string(), std::string("rate=") + kit_rate, "burstiness=0.05"}};
  }
  Server snapshot(const char* socket, const char* from, const char* name,
                  const std::vector<std::string>& more) const {
    Server server{socket,
                  {program("sallyport-snapshot"), "--root", at("root"), "--listen", at(socket),
                   "--from", at(from), name}};
    server.command.insert(server.command.end(), more.begin(), more.end());
    return server;
  }
  std::string at(const char* name) const { return (folder_.path() / name).string(); }
  base::Status read(const char* socket, const Load& load, const std::string& name, Rates& rates) {
    const auto rate = read_load(folder_.path() / socket, load);
    if (!rate) return base::Unexpected{rate.error()};
    rates[name].push_back(*rate);
    return base::Ok{};
  }
  base::Status measure_cold(const char* from, const std::string& name, Rates& rates);
  base::Status measure_warm(const char* cache_mib, const std::string& name, Rates& rates);

  std::filesystem::path medium_;
  tests::Folder folder_{"/dev/shm"};
};

base::Status Rig::measure_cold(const char* from, const std::string& name, Rates& rates) {
  auto child = start(snapshot("cold", from, "cold", {}), folder_.path());
  if (!child) return base::Unexpected{child.error()};
  auto done = read("cold", sequential, name, rates);
  child->kill();
  std::filesystem::remove_all(folder_.path() / "root");
  return done;
}

base::Status Rig::measure_warm(const char* cache_mib, const std::string& name, Rates& rates) {
  auto child = start(snapshot("warm", "raw", "warm", {"--cache", cache_mib}), folder_.path());
  if (!child) return base::Unexpected{child.error()};
  // All of it, once more than enough: what is measured afterwards was read before.
  Load all = sequential;
  all.milliseconds = 3000;
  if (auto filled = read_load(folder_.path() / "warm", all); !filled) {
    return base::Unexpected{filled.error()};
  }
  if (auto done = read("warm", sequential, name + "_seq1m", rates); !done) return done;
  if (auto done = read("warm", random, name + "_rand4k", rates); !done) return done;
  child->kill();
  std::filesystem::remove_all(folder_.path() / "root");
  return base::Ok{};
}

base::Status Rig::measure_round(Rates& rates) {
  auto raw_server = start(raw(), folder_.path());
  if (!raw_server) return base::Unexpected{raw_server.error()};
  auto stick_server = start(stick(), folder_.path());
  if (!stick_server) return base::Unexpected{stick_server.error()};
  if (auto done = read("raw", sequential, "raw_seq1m", rates); !done) return done;
  if (auto done = read("raw", random, "raw_rand4k", rates); !done) return done;
  if (auto done = measure_cold("raw", "cold_seq1m", rates); !done) return done;
  if (auto done = measure_warm("1024", "warm_verified", rates); !done) return done;
  if (auto done = measure_warm("1", "stored_verified", rates); !done) return done;
  if (auto done = read("stick", sequential, "stick_seq1m", rates); !done) return done;
  return measure_cold("stick", "cold_of_stick_seq1m", rates);
}

}  // namespace

base::Status measure_snapshots(const std::filesystem::path& medium, unsigned rounds,
                               Report& report) {
  Rates rates;
  for (unsigned round = 0; round < rounds; ++round) {
    Rig rig(medium);
    if (auto done = rig.measure_round(rates); !done) return done;
  }
  for (auto& [name, values] : rates) {
    report.results.push_back({name, median(values) / (1 << 20), "MiB/s", Better::higher});
  }
  const auto ratio = [&rates](const char* of, const char* to) {
    return median(rates[of]) / median(rates[to]);
  };
  const auto add = [&report](const char* name, double value) {
    report.results.push_back({name, value, "times", Better::higher});
  };
  add("warm_verified_vs_raw", std::min(ratio("warm_verified_seq1m", "raw_seq1m"),
                                       ratio("warm_verified_rand4k", "raw_rand4k")));
  add("stored_verified_vs_raw", std::min(ratio("stored_verified_seq1m", "raw_seq1m"),
                                         ratio("stored_verified_rand4k", "raw_rand4k")));
  add("cold_snapshot_vs_raw", ratio("cold_seq1m", "raw_seq1m"));
  add("cold_snapshot_vs_stick", ratio("cold_of_stick_seq1m", "stick_seq1m"));
  return base::Ok{};
}

}  // namespace bench
