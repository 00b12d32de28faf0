// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/scan_peers.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "base/io/files.hpp"
#include "tests/bench/block_server.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::minutes longest_scan{10};
constexpr std::size_t longest_output = std::size_t{1} << 20U;

// Runs a scanner of ClamAV's: exit status 1 is a find.
base::Result<Cost> run(const std::vector<std::string>& command, const fs::path& log) {
  const Meter meter;
  auto child = rig::Child::start(command, log);
  if (!child) return base::Unexpected{child.error()};
  const auto code = child->wait(rig::deadline_after(longest_scan));
  const Cost cost = meter.cost();
  const auto output = base::io::read_file(log, longest_output);
  if (!output) return base::Unexpected{output.error()};
  const bool planted = output->find("planted.com: Planted.UNOFFICIAL FOUND") != std::string::npos;
  const bool nothing_else = output->find("Infected files: 1\n") != std::string::npos;
  if (code != 1 || !planted || !nothing_else) {
    return base::fail(command.front() + " did not find the planted file and nothing else, exit " +
                      (code ? std::to_string(*code) : "never") + ": " + rig::tail(log, 10));
  }
  return cost;
}

// User and system time of a running process: fields 14 and 15 of proc(5)'s stat.
double processor_time(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) rest >> skipped;
  double user = 0;
  double system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

fs::path configuration(const fs::path& folder) { return folder / "clamd.conf"; }

// As scanner-qube/engine has them; without its cache of clean files, which ours does not use
// either.
void write_configuration(const fs::path& folder, const fs::path& signatures) {
  std::ofstream(configuration(folder))
      << "LocalSocket " << (folder / "clamd").string() << "\nPidFile " << (folder / "pid").string()
      << "\nDatabaseDirectory " << signatures.string() << "\nTemporaryDirectory " << folder.string()
      << "\nForeground yes\nMaxThreads 2\nSelfCheck 0\nDisableCache yes\n"
         "MaxFileSize 2147483645\nMaxScanSize 1073741824\nMaxFiles 50000\nMaxRecursion 20\n"
         "MaxScanTime 120000\nAlertExceedsMax yes\nAlertEncrypted yes\nAlertOLE2Macros yes\n"
         "AlertBrokenExecutables yes\nAlertBrokenMedia yes\nAlertPhishingSSLMismatch yes\n"
         "AlertPhishingCloak yes\nAlertPartitionIntersection yes\n";
}

}  // namespace

base::Result<Clamd> Clamd::start(const fs::path& folder, const fs::path& signatures) {
  fs::create_directories(folder);
  write_configuration(folder, signatures);
  auto daemon = bench::start(
      {.name = "clamd", .command = {"clamd", "--config-file=" + configuration(folder).string()}},
      folder);
  if (!daemon) return base::Unexpected{daemon.error()};
  return Clamd(folder, *std::move(daemon));
}

base::Result<Cost> Clamd::scan(const fs::path& tree) const {
  const double before = processor_time(daemon_.pid());
  auto cost = run({"clamdscan", "--config-file=" + configuration(folder_).string(), "--multiscan",
                   "--fdpass", "--infected", tree.string()},
                  folder_ / "clamdscan.log");
  if (cost) cost->cpu += processor_time(daemon_.pid()) - before;
  return cost;
}

base::Result<Cost> clamscan(const fs::path& folder, const fs::path& tree,
                            const fs::path& signatures) {
  return run({"clamscan",
              "--recursive",
              "--infected",
              "--disable-cache",
              "--database=" + signatures.string(),
              "--tempdir=" + folder.string(),
              "--max-filesize=2147483645",
              "--max-scansize=1073741824",
              "--max-files=50000",
              "--max-recursion=20",
              "--max-scantime=120000",
              "--alert-exceeds-max=yes",
              "--alert-encrypted=yes",
              "--alert-macros=yes",
              "--alert-broken=yes",
              "--alert-broken-media=yes",
              "--alert-phishing-ssl=yes",
              "--alert-phishing-cloak=yes",
              "--alert-partition-intersection=yes",
              tree.string()},
             folder / "clamscan.log");
}

}  // namespace bench
