// SPDX-License-Identifier: GPL-2.0-or-later
// Real forked, sandboxed workers: with libclamav, and with an engine that does what a taken-over
// one would.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <map>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/engine/io/worker_pool.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/scanner-qube/samples.hpp"

namespace scannerqube {
namespace {

namespace fs = std::filesystem;

// Does what the file says.
class Puppet final : public ScanEngine {
 public:
  EngineInfo info() const override { return {.name = "puppet", .signatures = 1}; }
  void use_folder(const std::string& folder) override { folder_ = folder; }
  FileResult scan(base::wire::Bytes untrusted, const std::string& name) override {
    FileResult result;
    result.size = untrusted.size();
    const std::string_view order = base::wire::as_text(untrusted);
    if (order == "crash") std::abort();
    if (order == "leave") ::_exit(7);
    while (order == "hang") std::this_thread::sleep_for(std::chrono::seconds(1));
    if (order == "call out") ::socket(AF_INET, SOCK_STREAM, 0);
    if (order == "read a file" && std::ifstream("/etc/passwd").good())
      result.add_not_examined("read");
    if (order == "eat") eat();
    if (order == "litter") std::ofstream(folder_ / "litter") << "left";
    if (order == "look for litter" && fs::exists(folder_ / "litter"))
      result.add_not_examined("litter");
    if (order == "lie") result.size = 1;
    for (std::size_t i = 0; order == "much" && i < max_findings; ++i) {
      result.add_finding(Finding::Kind::suspicion, std::to_string(i) + std::string(300, 'n'),
                         std::string(300, 'w'));
    }
    if (order == "count") result.members = open_files();
    result.add_finding(Finding::Kind::suspicion, "name:" + name, "");
    return result;
  }

 private:
  // Besides stdin, stdout and stderr.
  static std::uint32_t open_files() {
    std::uint32_t count = 0;
    for (int fd = 3; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1U : 0U;
    return count;
  }
  static void eat() {
    std::vector<std::string> all;
    for (;;) all.emplace_back(std::size_t{64} << 20U, 'x');
  }
  fs::path folder_;
};

class WorkerPoolTest : public testing::Test {
 protected:
  void start(unsigned workers, ScanEngine& engine,
             std::chrono::milliseconds deadline = std::chrono::seconds(20),
             unsigned max_deaths = 1000) {
    io::PoolOptions options;
    options.workers = workers;
    options.deadline = deadline;
    options.folder = folder_.path();
    options.max_deaths = max_deaths;
    options.limits.memory = std::uint64_t{512} << 20U;
    auto pool = io::WorkerPool::start(engine, options, [this](const JobResult& result) {
      EXPECT_FALSE(results_.contains(result.id.value)) << "two results";
      results_[result.id.value] = result.file;
    });
    ASSERT_TRUE(pool) << pool.error().text;
    pool_ = std::move(*pool);
  }
  void submit(std::uint64_t id, const std::string& content, const std::string& name = "n") {
    auto copy = base::io::sealed_copy(base::wire::as_bytes(content));
    ASSERT_TRUE(copy) << copy.error().text;
    pool_->submit({{.id = JobId{id}, .size = content.size(), .name = name}}, std::move(*copy));
  }
  // All in one batch, with ids from `first`.
  void submit_together(const std::vector<std::string>& contents, std::uint64_t first = 0) {
    std::string all;
    std::vector<Job> jobs;
    for (const std::string& content : contents) {
      jobs.push_back({.id = JobId{first + jobs.size()},
                      .offset = all.size(),
                      .size = content.size(),
                      .name = content});
      all += content;
    }
    auto copy = base::io::sealed_copy(base::wire::as_bytes(all));
    ASSERT_TRUE(copy) << copy.error().text;
    pool_->submit(std::move(jobs), std::move(*copy));
  }
  std::string why(std::uint64_t id) {
    const auto& reasons = results_.at(id).not_examined;
    return reasons.empty() ? "" : reasons.front();
  }

  const tests::Folder folder_;
  Puppet puppet_;
  std::map<std::uint64_t, FileResult> results_;
  std::unique_ptr<io::WorkerPool> pool_;
};

TEST_F(WorkerPoolTest, EachFileHasOneResultWhateverItDoesToItsWorker) {
  start(2, puppet_, std::chrono::milliseconds(700));
  const std::vector<std::string> orders{"well",  "crash", "hang", "call out",
                                        "leave", "lie",   "well"};
  for (std::size_t i = 0; i < orders.size(); ++i) submit(i, orders[i], orders[i]);
  pool_->finish();
  ASSERT_EQ(results_.size(), orders.size());
  EXPECT_EQ(results_[0].findings.at(0).name, "name:well");
  EXPECT_EQ(why(1), "the scanner crashed over it (signal 6)");
  EXPECT_EQ(why(2), "not done within 700 ms, and stopped");
  EXPECT_EQ(why(3), "the scanner asked for what its sandbox forbids");
  EXPECT_EQ(why(4), "the scanner ended over it (code 7)");
  EXPECT_EQ(why(5), "the scanner's answer is none; it may have been taken over");
  EXPECT_EQ(results_[6].verdict(), Verdict::suspicious);
  EXPECT_EQ(pool_->deaths(), 5U);
  for (const std::uint64_t i : {1U, 2U, 3U, 4U, 5U}) {
    EXPECT_EQ(results_[i].verdict(), Verdict::incomplete);
  }
}

TEST_F(WorkerPoolTest, FilesOfABatchAreBlamedForThemselvesOnly) {
  start(2, puppet_, std::chrono::milliseconds(700));
  const std::vector<std::string> orders{"well", "", "crash", "well", "lie", "hang", "well"};
  submit_together(orders);
  pool_->finish();
  ASSERT_EQ(results_.size(), orders.size());
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const bool harmless = orders[i] == "well" || orders[i].empty();
    EXPECT_EQ(results_[i].verdict(), harmless ? Verdict::suspicious : Verdict::incomplete) << i;
    if (harmless) {
      EXPECT_EQ(results_[i].findings.at(0).name, "name:" + orders[i]);
    }
  }
  EXPECT_EQ(why(2), "the scanner crashed over it (signal 6)");
  EXPECT_EQ(why(4), "the scanner's answer is none; it may have been taken over");
  EXPECT_EQ(why(5), "not done within 700 ms, and stopped");
}

TEST_F(WorkerPoolTest, ABatchThatWaitedBehindACrashIsScannedWhole) {
  start(1, puppet_);
  submit_together({"well", "crash"});
  submit_together({"well", "well"}, 2);
  pool_->finish();
  ASSERT_EQ(results_.size(), 4U);
  for (const std::uint64_t id : {0U, 2U, 3U}) {
    EXPECT_EQ(results_[id].verdict(), Verdict::suspicious) << id << ": " << why(id);
  }
  EXPECT_EQ(why(1), "the scanner crashed over it (signal 6)");
}

TEST_F(WorkerPoolTest, AFullBatchWithMuchToTellIsTold) {
  start(1, puppet_);
  submit_together(std::vector<std::string>(max_batch_jobs, "much"));
  pool_->finish();
  ASSERT_EQ(results_.size(), max_batch_jobs);
  EXPECT_EQ(pool_->deaths(), 0U);
  for (const auto& [id, result] : results_) EXPECT_EQ(result.findings.size(), max_findings) << id;
}

TEST_F(WorkerPoolTest, AWorkerHasNoFilesButItsFolderAndLittleMemory) {
  start(1, puppet_);
  submit(1, "read a file");
  submit(2, "eat");
  submit(3, "well");
  pool_->finish();
  EXPECT_EQ(why(1), "");
  EXPECT_NE(why(2), "");  // a sanitizer's allocator aborts, others throw
  EXPECT_EQ(why(3), "");
}

TEST_F(WorkerPoolTest, AWorkerInheritsNothingOfItsParent) {
  const base::io::Fd medium(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  start(2, puppet_);
  submit(1, "count");
  pool_->finish();
  EXPECT_EQ(results_[1].members, 2U) << "its socket and the file";
}

TEST_F(WorkerPoolTest, ADeadWorkersLitterGoes) {
  start(1, puppet_);
  submit(1, "litter");
  submit(2, "look for litter");
  submit(3, "crash");
  submit(4, "look for litter");
  pool_->finish();
  EXPECT_EQ(why(2), "litter");
  EXPECT_EQ(why(4), "");
}

TEST_F(WorkerPoolTest, ThereIsAnEndToBringingThemBack) {
  start(2, puppet_, std::chrono::seconds(20), 3);
  for (std::uint64_t i = 0; i < 8; ++i) submit(i, "crash");
  pool_->finish();
  ASSERT_EQ(results_.size(), 8U);
  EXPECT_EQ(why(7), "no scan worker is left");
  EXPECT_LE(pool_->deaths(), 4U);
}

TEST_F(WorkerPoolTest, WithTheRealEngineSamplesOfEveryKindAreFoundSideBySide) {
  tests::samples::write_signatures(folder_.path() / "db");
  fs::create_directory(folder_.path() / "load");
  auto engine = io::ClamavEngine::load(
      {.databases = {folder_.path() / "db"}, .limits = {}, .temporary = folder_.path() / "load"});
  ASSERT_TRUE(engine) << engine.error().text;
  start(2, **engine);
  std::map<std::uint64_t, std::string> names;
  for (const auto& entry : fs::directory_iterator("/usr/share/clamav-testfiles")) {
    const auto content = base::io::read_file(entry.path(), std::size_t{16} << 20U);
    ASSERT_TRUE(content);
    names[names.size()] = entry.path().filename();
    submit(names.size() - 1, *content);
  }
  submit(names.size(), "harmless");
  pool_->finish();
  EXPECT_EQ(pool_->deaths(), 0U) << "the sandbox forbids what the engine needs";
  for (const auto& [id, name] : names) {
    if (name == "clam_cache_emax.tgz") continue;
    EXPECT_EQ(results_.at(id).verdict(), Verdict::infected) << name << ": " << why(id);
  }
  EXPECT_EQ(results_.at(names.size()).verdict(), Verdict::clean);
}

}  // namespace
}  // namespace scannerqube
