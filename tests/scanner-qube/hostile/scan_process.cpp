// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/hostile/scan_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/io/files.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace tests::hostile {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_report = std::size_t{16} << 20U;

// As on a kernel that has none.
bool refuse_seccomp() {
  const scmp_arg_cmp set_seccomp{
      .arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_SECCOMP, .datum_b = 0};
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_ALLOW),
                                                                 &seccomp_release);
  return filter != nullptr &&
         seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0) == 0 &&
         seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                                &set_seccomp) == 0 &&
         seccomp_load(filter.get()) == 0;
}

[[noreturn]] void become_scanner(const ScanRun& run, const fs::path& scratch, const fs::path& out) {
  ::setenv("TMPDIR", scratch.c_str(), 1);
  const int fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(fd, STDOUT_FILENO);
  ::dup2(fd, STDERR_FILENO);
  if (!run.may_confine_itself && !refuse_seccomp()) ::_exit(126);
  std::vector<std::string> words{"sallyport-scan-image",
                                 run.image.string(),
                                 "--database",
                                 run.database.string(),
                                 "--json",
                                 "--workers",
                                 "1"};
  words.insert(words.end(), run.options.begin(), run.options.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string program = places::build() + "/bin/sallyport-scan-image";
  ::execv(program.c_str(), argv.data());
  ::_exit(127);
}

// False: it had to be killed.
bool wait_until_end(pid_t child, std::chrono::seconds time) {
  const base::io::Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd waited{.fd = ended.get(), .events = POLLIN, .revents = 0};
  const auto until = Clock::now() + time;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    const int ready = left <= 0 ? 0 : ::poll(&waited, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0) break;
  }
  ::kill(child, SIGKILL);  // our own child, not waited for yet
  return false;
}

enum class Orphans { none, dying };

// Children of the scanner come to us when it ends (PR_SET_CHILD_SUBREAPER): there must be none.
void look_for_orphans(Orphans expected, std::vector<std::string>& debris) {
  for (;;) {
    // Those of one that was killed die with it, in their own time.
    const pid_t orphan = ::waitpid(-1, nullptr, expected == Orphans::dying ? 0 : WNOHANG);
    if (orphan < 0) return;
    if (expected == Orphans::dying) continue;
    debris.emplace_back("a process of its own");
    if (orphan == 0) return;
  }
}

std::string verdict_of(const std::string& said) {
  boost::json::error_code error;
  const auto value = boost::json::parse(said, error);
  if (error || !value.is_object()) return {};
  const auto* verdict = value.as_object().if_contains("verdict");
  return verdict == nullptr ? std::string() : std::string(verdict->as_string());
}

}  // namespace

ScanOutcome scan_image(const ScanRun& run) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Folder folder;
  const fs::path scratch = folder.path() / "scratch";
  fs::create_directory(scratch);
  const fs::path out = folder.path() / "out";
  const auto start = Clock::now();
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) become_scanner(run, scratch, out);
  ScanOutcome outcome;
  outcome.in_time = wait_until_end(child, run.time);
  int status = 0;
  rusage used{};
  if (::wait4(child, &status, 0, &used) != child) std::abort();
  outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  if (outcome.in_time && WIFEXITED(status)) outcome.exit_status = WEXITSTATUS(status);
  outcome.peak_memory = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  const auto said = base::io::read_file(out, longest_report);
  outcome.said = said ? *said : said.error().text;
  outcome.verdict = verdict_of(outcome.said);
  look_for_orphans(outcome.in_time ? Orphans::none : Orphans::dying, outcome.debris);
  for (const auto& entry : fs::directory_iterator(scratch)) {
    outcome.debris.push_back(entry.path().filename().string());
  }
  return outcome;
}

}  // namespace tests::hostile
