// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/qube/io/qube.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <thread>

#include "base/io/pass_fd.hpp"
#include "base/io/sandbox.hpp"
#include "scanner-qube/cache/scope.hpp"
#include "scanner-qube/database/io/layout.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/qube/io/machine.hpp"
#include "scanner-qube/qube/io/port.hpp"
#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/scan/io/scan_medium.hpp"
#include "scanner-qube/unlock/io/open_with.hpp"

namespace scannerqube::io {
namespace {

namespace fs = std::filesystem;
using base::io::Fd;
using Clock = std::chrono::steady_clock;

constexpr uid_t scanner_user = 1000;
constexpr std::chrono::milliseconds of_the_machine{30'000};
// Whoever started the qube counts the time; this is only not for ever.
constexpr std::chrono::milliseconds of_the_medium{std::chrono::hours(24)};
constexpr std::chrono::milliseconds between_progress{250};
ScanOptions options_for(const ScanOrder& order, Port& port) {
  ScanOptions options;
  options.largest_file = order.largest_file;
  if (order.deleted == ScanOrder::Deleted::include) options.deleted = volume::Deleted::include;
  options.pool.folder = fs::path(scratch_folder) / "workers";
  options.pool.workers = std::max(1U, std::thread::hardware_concurrency());
  options.progress = [&port, last = Clock::time_point()](std::uint64_t files,
                                                         std::uint64_t bytes) mutable {
    const auto now = Clock::now();
    if (now - last < between_progress) return;
    last = now;
    // Whoever does not listen to this does not listen to the report either.
    static_cast<void>(port.say(ScanProgress{.files = files, .bytes = bytes}));
  };
  return options;
}

base::Status scan(Port& port, const Fd& from_first) {
  const base::io::Identity user{.uid = scanner_user, .gid = scanner_user, .groups = {}};
  if (auto dropped = base::io::drop_identity(user); !dropped) return dropped;
  for (const char* folder : {"load", "workers"}) {
    fs::create_directory(fs::path(scratch_folder) / folder);
  }
  auto engine =
      ClamavEngine::load({.databases = {fs::path(mounted_database) / database::io::database_folder},
                          .limits = {},
                          .temporary = fs::path(scratch_folder) / "load"});
  if (!engine) return base::Unexpected{engine.error()};
  const EngineInfo info = (*engine)->info();
  if (auto said = port.say(Ready{
          .signatures = info.signatures, .options = options_digest(info), .engine = info.name});
      !said) {
    return said;
  }
  auto ordered = port.wait_for_order();
  if (!ordered) return base::Unexpected{ordered.error()};
  const ScanOrder& order = ordered->order;
  const auto known = VerdictCache::trusted(make_list({}, std::move(ordered->known)));
  auto medium = base::io::receive_message(from_first, 1);
  if (!medium) return base::Unexpected{medium.error()};
  if (medium->fds.size() != 1) return base::fail("no medium came");
  const volume::FileSource source(std::move(medium->fds[0]),
                                  {.offset = order.margin, .length = order.size});
  const std::time_t started = std::time(nullptr);
  ScanOptions options = options_for(order, port);
  options.cache = &known;
  options.open = unlock::open_with(std::move(ordered->passphrase));
  auto scan = scan_medium(source, **engine, options);
  if (!scan) return base::Unexpected{scan.error()};
  report::ScanReport report{.found = std::move(scan->found),
                            .coverage = std::move(scan->coverage),
                            .limits = {.deleted = order.deleted == ScanOrder::Deleted::include,
                                       .largest_file = order.largest_file},
                            .engine = info,
                            .database = {.sha256 = order.database},
                            .started = started,
                            .ended = std::time(nullptr),
                            .medium_size = order.size};
  report::settle(report);
  const std::string text = report::encode_report(report);
  auto said = port.say_all(Chunk::Of::report, base::wire::as_bytes(text));
  if (said) {
    const auto files = release::encode(scan->clean_files);
    said = port.say_all(Chunk::Of::files, files);
  }
  return said ? port.say(Done{}) : said;
}

// The child: everything that looks at the medium's bytes is it or below it.
[[noreturn]] void run_scan(Port port, const Fd& from_first) {
  const auto done = scan(port, from_first);
  if (!done) {
    std::cerr << "sallyport-scan-qube: " << done.error().text << '\n';
    static_cast<void>(port.say(Failure{.why = done.error().text}));
  }
  ::_exit(done ? 0 : 1);
}

base::Status begin(const Fd& to_child) {
  const auto disk = wait_for_disk("medium", of_the_medium);
  if (!disk) return base::Unexpected{disk.error()};
  const Fd medium(::open(disk->c_str(), O_RDONLY | O_CLOEXEC));
  if (!medium) return base::io::fail_errno("open the medium");
  return base::io::send_message(to_child, base::wire::as_bytes("m"), {&medium});
}

base::Status mount_signatures() {
  const auto disk = wait_for_disk("database", of_the_machine);
  if (!disk) return base::Unexpected{disk.error()};
  return mount_database(*disk);
}

base::Status live() {
  if (auto ready = prepare_machine(); !ready) return ready;
  auto port = open_port("sallyport.scan", of_the_machine);
  if (!port) return base::Unexpected{port.error()};
  if (auto mounted = mount_signatures(); !mounted) {
    // Nobody reads this machine's console.
    static_cast<void>(Port(*std::move(port)).say(Failure{.why = mounted.error().text}));
    return mounted;
  }
  auto ends = base::io::stream_pair();
  if (!ends) return base::Unexpected{ends.error()};
  Fd ours = std::move(ends->first);
  const Fd childs = std::move(ends->second);
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) {
    ours.reset();
    run_scan(Port(*std::move(port)), childs);
  }
  port->reset();
  if (auto begun = begin(ours); !begun) return begun;
  ours.reset();
  // Orphans come here too.
  for (pid_t ended = 0; ended != child;) {
    ended = ::waitpid(-1, nullptr, 0);
    if (ended < 0 && errno != EINTR) return base::io::fail_errno("wait");
  }
  return base::Ok{};
}

}  // namespace

void run_qube() {
  base::io::ignore_sigpipe();
  if (const auto lived = live(); !lived) {
    std::cerr << "sallyport-scan-qube: " << lived.error().text << '\n';
  }
  power_off();
}

}  // namespace scannerqube::io
