// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/block.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <random>

#include "tests/bench/block_client.hpp"
#include "tests/bench/block_server.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace bench {
namespace {

constexpr std::size_t medium_size = 512 << 20;

struct Cell {
  const char* name;
  Load load;
};

constexpr std::array<Cell, 8> cells{{
    {"seq1m_qd1", {Pattern::sequential, 1 << 20, 1, 1, 400}},
    {"seq1m_qd64", {Pattern::sequential, 1 << 20, 64, 1, 400}},
    {"seq1m_qd1_4conn", {Pattern::sequential, 1 << 20, 1, 4, 400}},
    {"seq1m_qd64_4conn", {Pattern::sequential, 1 << 20, 64, 4, 400}},
    {"rand4k_qd1", {Pattern::random, 4096, 1, 1, 400}},
    {"rand4k_qd64", {Pattern::random, 4096, 64, 1, 400}},
    {"rand4k_qd1_4conn", {Pattern::random, 4096, 1, 4, 400}},
    {"rand4k_qd64_4conn", {Pattern::random, 4096, 64, 4, 400}},
}};

base::Status make_medium(const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  std::mt19937_64 random(1);
  std::string block(1 << 20, '\0');
  for (std::size_t done = 0; done < medium_size; done += block.size()) {
    for (char& byte : block) byte = static_cast<char>(random());
    file << block;
  }
  file.close();
  if (file.good()) return base::Ok{};
  return base::fail("cannot write " + path.string());
}

std::vector<Server> servers(const std::filesystem::path& folder) {
  const std::string medium = (folder / "medium").string();
  const auto socket = [&folder](const char* name) { return (folder / name).string(); };
  return {{"sallyport",
           {places::build() + "/bin/sallyport-block-server", "--read-only", "--listen",
            socket("sallyport"), medium}},
          {"nbdkit", {"nbdkit", "-f", "-r", "--unix", socket("nbdkit"), "file", "file=" + medium}},
          {"qemu", {"qemu-nbd", "-r", "-t", "-e", "8", "-f", "raw", "-k", socket("qemu"), medium}}};
}

using Rates = std::map<std::string, std::vector<double>>;  // by server and cell

// Servers take turns within a cell, so that what else the machine does hits all of them.
base::Status measure_round(const std::filesystem::path& folder, const std::vector<Server>& all,
                           Rates& rates) {
  for (const Cell& cell : cells) {
    for (const Server& server : all) {
      const auto rate = read_load(folder / server.name, cell.load);
      if (!rate) return base::Unexpected{rate.error()};
      rates[server.name + cell.name].push_back(*rate);
    }
  }
  return base::Ok{};
}

}  // namespace

base::Result<Report> measure_block(unsigned rounds, Timekeeping clock) {
  const tests::Folder folder;
  if (auto made = make_medium(folder.path() / "medium"); !made) {
    return base::Unexpected{made.error()};
  }
  const auto all = servers(folder.path());
  std::vector<rig::Child> running;
  for (const Server& server : all) {
    auto child = start(server, folder.path());
    if (!child) return base::Unexpected{child.error()};
    running.push_back(*std::move(child));
  }
  Rates rates;
  for (unsigned round = 0; round < rounds; ++round) {
    if (auto done = measure_round(folder.path(), all, rates); !done) {
      return base::Unexpected{done.error()};
    }
  }
  Report report{.group = "block", .machine = host(), .results = {}};
  double worst = 0;
  double rand4k_qd64 = 0;
  for (const Cell& cell : cells) {
    std::array<double, 3> figures{};
    for (std::size_t i = 0; i < all.size(); ++i)
      figures[i] = median(rates[all[i].name + cell.name]);
    for (std::size_t i = 0; i < all.size(); ++i) {
      report.results.push_back({std::string(cell.name) + "_" + all[i].name, figures[i] / (1 << 20),
                                "MiB/s", Better::higher});
    }
    const double ratio = figures[0] / std::max(figures[1], figures[2]);
    report.results.push_back({std::string(cell.name) + "_vs_best", ratio, "times", Better::higher});
    if (std::string(cell.name) == "rand4k_qd64") rand4k_qd64 = ratio;
    worst = worst == 0 ? ratio : std::min(worst, ratio);
  }
  report.results.push_back({"rand4k_qd64_vs_best_peer", rand4k_qd64, "times", Better::higher});
  report.results.push_back({"worst_cell_vs_best_peer", worst, "times", Better::higher});
  running.clear();
  if (auto done = measure_snapshots(folder.path() / "medium", rounds, report); !done) {
    return base::Unexpected{done.error()};
  }
  if (auto done = measure_mounted(rounds, clock, report); !done) {
    return base::Unexpected{done.error()};
  }
  return report;
}

}  // namespace bench
