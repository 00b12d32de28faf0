// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/scan.hpp"

#include <filesystem>
#include <map>

#include "tests/bench/scan_ours.hpp"
#include "tests/bench/scan_peers.hpp"
#include "tests/bench/scan_qube.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

// A tree, as a folder and as an image, and the signatures that are looked for in it.
struct Case {
  const char* name;
  const char* tree;
  const char* signatures;
};
constexpr std::array<Case, 4> cases{{{"large", "large", "light"},
                                     {"small", "small", "light"},
                                     {"mixed", "mixed", "light"},
                                     {"heavy_small", "few", "heavy"}}};

class Figures {
 public:
  void add(const std::string& name, const Cost& cost) {
    wall_[name].push_back(cost.wall);
    cpu_[name].push_back(cost.cpu);
  }
  double wall(const std::string& name) const { return median(wall_.at(name)); }
  double cpu(const std::string& name) const { return median(cpu_.at(name)); }

 private:
  std::map<std::string, std::vector<double>> wall_;
  std::map<std::string, std::vector<double>> cpu_;
};

// Where there is room in memory, the files are there: no disk is measured.
fs::path parent() {
  constexpr std::uintmax_t needed = std::uintmax_t{3} << 30U;
  std::error_code error;
  const auto memory = fs::space("/dev/shm", error);
  return !error && memory.available > needed ? fs::path("/dev/shm") : fs::temp_directory_path();
}

class Rig {
 public:
  base::Status prepare() {
    const auto made =
        rig::run_program({places::source() + "/tests/bench/scan_trees", folder_.path().string()},
                         rig::deadline_after(std::chrono::minutes(10)));
    if (!made) return base::Unexpected{made.error()};
    for (const char* set : {"light", "heavy"}) {
      auto ours = OurScanner::load(folder_.path() / ("ours-" + std::string(set)), path(set));
      if (!ours) return base::Unexpected{ours.error()};
      ours_.emplace(set, *std::move(ours));
    }
    // The engine that tests signatures is another user.
    fs::permissions(folder_.path(), fs::perms(0755));
    auto qube = QubeScanner::start(folder_.path() / "qube", path("light"), path("mixed.img"));
    if (!qube) return base::Unexpected{qube.error()};
    qube_ = *std::move(qube);
    return base::Ok{};
  }

  // Each scanner in turn for each tree, so that what else the machine does hits all of them.
  base::Status round() {
    for (const Case& each : cases) {
      if (auto done = scan(each); !done) return done;
    }
    const auto in_qube = qube_->scan();
    if (!in_qube) return base::Unexpected{in_qube.error()};
    in_qube_.push_back(*in_qube);
    const auto files_per_s = walk(path("small.img"));
    if (!files_per_s) return base::Unexpected{files_per_s.error()};
    walked_.push_back(*files_per_s);
    return base::Ok{};
  }

  void report(Report& report) const;

 private:
  fs::path path(const std::string& name) const { return folder_.path() / name; }
  base::Status add(const std::string& name, const base::Result<Cost>& cost) {
    if (!cost) return base::Unexpected{cost.error()};
    figures_.add(name, *cost);
    return base::Ok{};
  }
  base::Status scan(const Case& each) {
    const std::string name = each.name;
    const fs::path image = path(std::string(each.tree) + ".img");
    OurScanner& ours = ours_.at(each.signatures);
    if (auto done = add(name + "_ours", ours.scan(image)); !done) return done;
    if (auto done = add(name + "_again", ours.scan_again(image)); !done) return done;
    {
      // Started anew for each, and not there while others are measured.
      const auto daemon = Clamd::start(path("d"), path(each.signatures));
      if (!daemon) return base::Unexpected{daemon.error()};
      if (auto done = add(name + "_clamdscan", daemon->scan(path(each.tree))); !done) return done;
    }
    return add(name + "_clamscan",
               clamscan(folder_.path(), path(each.tree), path(each.signatures)));
  }

  const tests::Folder folder_{parent()};
  std::map<std::string, OurScanner> ours_;
  Figures figures_;
  std::unique_ptr<QubeScanner> qube_;
  std::vector<double> in_qube_;
  std::vector<double> walked_;
};

void Rig::report(Report& report) const {
  const auto add = [&report](const std::string& name, double value, const char* unit,
                             Better better) {
    report.results.push_back({name, value, unit, better});
  };
  for (const Case& each : cases) {
    for (const char* who : {"_ours", "_clamdscan", "_clamscan"}) {
      add(std::string(each.name) + who + "_s", figures_.wall(each.name + std::string(who)), "s",
          Better::lower);
      add(std::string(each.name) + who + "_cpu_s", figures_.cpu(each.name + std::string(who)), "s",
          Better::lower);
    }
  }
  for (const Case& each : cases) {
    const std::string name = each.name;
    const auto times = [&](const std::string& label, const char* than, const char* of) {
      add(name + label, figures_.wall(name + than) / figures_.wall(name + of), "times",
          Better::higher);
      add(name + "_cpu" + label, figures_.cpu(name + than) / figures_.cpu(name + of), "times",
          Better::higher);
    };
    times("_vs_clamdscan", "_clamdscan", "_ours");
    times("_vs_clamscan", "_clamscan", "_ours");
    times("_again", "_ours", "_again");
  }
  // With as many signatures as a real database has; with few there is less to be spared.
  add("rescan_speedup", figures_.wall("heavy_small_ours") / figures_.wall("heavy_small_again"),
      "times", Better::higher);
  add("walk_files_per_s", median(walked_), "1/s", Better::higher);
  add("mixed_qube_s", median(in_qube_), "s", Better::lower);
  add("qube_overhead", median(in_qube_) / figures_.wall("mixed_ours"), "times", Better::lower);
}

}  // namespace

base::Result<Report> measure_scan(unsigned rounds) {
  Rig rig;
  if (auto ready = rig.prepare(); !ready) return base::Unexpected{ready.error()};
  for (unsigned round = 0; round < rounds; ++round) {
    if (auto done = rig.round(); !done) return base::Unexpected{done.error()};
  }
  Report report{.group = "scan", .machine = host(), .results = {}};
  rig.report(report);
  return report;
}

}  // namespace bench
