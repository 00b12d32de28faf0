// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scan-qube/scan_qube.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <regex>
#include <thread>
#include <utility>

#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "base/sign/io/key_files.hpp"
#include "scanner-qube/report/io/statement_json.hpp"
#include "scanner-qube/report/signed_text.hpp"
#include "tests/places.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

namespace report = scannerqube::report;

const std::string build = places::build();

rig::Deadline soon() { return rig::deadline_after(long_enough); }

// The daemons and their root, for all tests; gone after the last.
struct Shared {
  const tests::Folder folder;
  Daemons daemons{folder.path()};
  std::map<std::string, std::vector<std::string>> words;
  std::vector<Daemons::Medium> media;
  std::vector<std::string> snapshots;
  std::string trouble;
  unsigned next = 0;
  bool up = false;

  const base::io::Paths& paths() const { return daemons.paths(); }
  fs::path at(const std::string& name) const { return daemons.at(name); }
  std::string fresh(const std::string& kind) { return kind + std::to_string(++next); }
  base::Status start(const std::string& daemon) { return daemons.start(daemon, words[daemon]); }
};

std::unique_ptr<Shared>& instance() {
  static std::unique_ptr<Shared> shared;
  return shared;
}
Shared& shared() { return *instance(); }

// QEMUs of any image of ours.
std::size_t machines_running() {
  std::size_t count = 0;
  for (const auto& each : fs::directory_iterator("/proc")) {
    const std::string words = tests::slurp((each.path() / "cmdline").string());
    if (words.find("qemu-system") == std::string::npos) continue;
    if (words.find(build + "/tests/scan-images") != std::string::npos) ++count;
  }
  return count;
}

// The last of the program: what is left then is left for good.
class AtTheEnd : public testing::Environment {
 public:
  void TearDown() override {
    if (!instance()) return;
    for (const char* daemon : {"sallyport-scans", "sallyport-scanner", "sallyport-snapshots"}) {
      if (!shared().daemons.runs(daemon)) continue;
      EXPECT_EQ(shared().daemons.end(daemon, SIGTERM), 0) << daemon;
    }
    const base::io::Paths machines(shared().paths().scanner_run() / "machines");
    EXPECT_TRUE(!fs::exists(machines.run() / "vm") || fs::is_empty(machines.run() / "vm"));
    EXPECT_TRUE(!fs::exists(machines.qubes_d()) || fs::is_empty(machines.qubes_d()));
    EXPECT_TRUE(wait_until([] { return machines_running() == 0; }));
    instance().reset();
  }
};
[[maybe_unused]] const auto* const at_the_end =
    testing::AddGlobalTestEnvironment(new AtTheEnd);  // NOLINT: GoogleTest owns it

}  // namespace

std::optional<Verdict> Answer::verdict() const {
  if (!statement) return std::nullopt;
  return statement->verdict();
}

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  return out << "'" << answer.word << "', reason '" << answer.reason() << "'";
}

Question::Question(const std::string& request, const fs::path& desk) {
  auto socket = base::io::connect_unix(desk, base::io::SocketType::seqpacket);
  EXPECT_TRUE(socket) << socket.error().text;
  if (!socket) return;
  socket_ = *std::move(socket);
  if (request.empty()) return;
  // A service that refuses everybody may have done so before it is asked.
  EXPECT_TRUE(base::io::send_question(socket_, base::wire::as_bytes(request)));
}

Answer Question::answer() {
  Answer out;
  for (;;) {
    auto message = base::io::receive_message(socket_, 2048);
    if (!message) {
      out.word = message.error().text;
      return out;
    }
    out.word = base::wire::as_text(message->data);
    if (out.word.starts_with("progress ")) {
      out.progress.push_back(out.word);
      continue;
    }
    if (!out.word.starts_with("done ") || message->fds.size() != 1) return out;
    EXPECT_EQ(::lseek(message->fds[0].get(), 0, SEEK_SET), 0);
    const auto text = base::io::read_all(message->fds[0], report::max_signed_bytes);
    const auto key = base::sign::io::read_public_key(shared().paths().etc() / "scan.pub");
    EXPECT_TRUE(text && key);
    if (!text || !key) return out;
    out.signed_text = *text;
    const auto line = report::open_signed(*key, out.signed_text);
    EXPECT_TRUE(line) << line.error().text;
    if (!line) return out;
    auto statement = report::parse_statement(*line);
    EXPECT_TRUE(statement) << statement.error().text;
    if (statement) out.statement = *std::move(statement);
    return out;
  }
}

void ScanQube::SetUpTestSuite() {
  if (!instance()) {
    instance() = std::make_unique<Shared>();
    if (auto done = shared().daemons.prepare(); !done) shared().trouble = done.error().text;
  }
  if (shared().up || !shared().trouble.empty()) return;
  import_database("1", tests::samples::eicar());
  shared().words["sallyport-scanner"] = {"--images", images().string(), "--memory",
                                         "1024",     "--accel",         "tcg"};
  for (const char* daemon : {"sallyport-snapshots", "sallyport-scanner", "sallyport-scans"}) {
    if (auto up = shared().start(daemon); !up) shared().trouble = up.error().text;
  }
  shared().up = shared().trouble.empty();
}

void ScanQube::SetUp() { ASSERT_EQ(shared().trouble, ""); }

void ScanQube::TearDown() { shared().media.clear(); }

std::string ScanQube::command(const std::string& words) {
  const auto ran = rig::run_program(
      {"sh", "-c",
       "SALLYPORT_ROOT=" + shared().paths().root().string() + " " + Daemons::program("sallyport") +
           " scan " + words + " 2>&1; echo status=$?"},
      soon());
  return ran ? *ran : ran.error().text;
}

void ScanQube::use_hostile(const std::string& mode, const std::map<std::string, std::string>& files,
                           const std::vector<std::string>& more) {
  const std::string to = build + "/tests/scan-images-" + mode;
  const std::string from = images().string();
  // Its modules are the real image's; nothing else is in it.
  tests::shell("rm -rf " + to + "; mkdir -p " + to + "; cp " + from + "/vmlinuz " + from +
               "/initrd " + to + "; cd " + to + "; unsquashfs -no-xattrs -d root " + from +
               "/scanner.squashfs lib/modules; cd root; mkdir proc sys dev run tmp db sbin; cp " +
               build + "/tests/bin/scan_hostile_qube sbin/init; strip sbin/init");
  tests::write_file(to + "/root/mode", mode + "\n");
  for (const auto& [name, content] : files) tests::write_file(to + "/root/" + name, content);
  tests::shell("cd " + to +
               "; mksquashfs root scanner.squashfs -all-root -comp lz4 -no-xattrs -no-progress; "
               "rm -r root");
  // Booted when asked: each test has another image.
  std::vector<std::string> words{"--images", to, "--ahead", "0"};
  words.insert(words.end(), more.begin(), more.end());
  restart("sallyport-scanner", words);
}

const base::io::Paths& ScanQube::paths() { return shared().paths(); }
fs::path ScanQube::images() { return Daemons::images(); }

std::string ScanQube::medium(const std::map<std::string, std::string>& more) {
  const std::string name = shared().fresh("medium");
  const std::string image = tests::blank(shared().folder, name + ".img", 4);
  tests::shell("mkfs.vfat -F 12 -n STICK " + image);
  auto files = std::map<std::string, std::string>{{"small.txt", "hello\n"},
                                                  {"big.bin", tests::random_bytes(700'001, 1)}};
  files.insert(more.begin(), more.end());
  for (const auto& [file, content] : files) {
    const std::string from = shared().at("file").string();
    tests::write_file(from, content);
    tests::shell("mcopy -i " + image + " " + from + " ::/" + file);
  }
  return image;
}

std::string ScanQube::snapshot_by(const std::vector<std::string>& server) {
  const std::string name = shared().fresh("snapshot");
  auto medium = shared().daemons.take_snapshot(name, server);
  EXPECT_TRUE(medium) << medium.error().text;
  if (medium) shared().media.push_back(*std::move(medium));
  shared().snapshots.push_back(name);
  return name;
}

void ScanQube::drop_snapshots() {
  for (const std::string& name : std::exchange(shared().snapshots, {})) {
    // Who has only just let go of it may still be ending.
    const auto deadline = soon();
    auto dropped = shared().daemons.ask_snapshots("drop " + name);
    while ((!dropped || !dropped->starts_with("done")) && rig::Clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      dropped = shared().daemons.ask_snapshots("drop " + name);
    }
    EXPECT_TRUE(dropped && dropped->starts_with("done"))
        << (dropped ? *dropped : dropped.error().text);
  }
}

std::string ScanQube::snapshot_of(const std::string& image) {
  const std::string name = snapshot_by({"file", image});
  const auto complete = shared().daemons.ask_snapshots("complete " + name);
  EXPECT_TRUE(complete && complete->starts_with("done "))
      << (complete ? *complete : complete.error().text);
  // Detached: what is not in the snapshot will never be.
  shared().media.pop_back();
  return name;
}

// One byte to nbdkit's filter, one back.
void tell_pause(char what) {
  const auto control = base::io::connect_unix(shared().at("pause.sock"));
  ASSERT_TRUE(control) << control.error().text;
  ASSERT_TRUE(base::io::write_all(*control, std::string(1, what)));
  char done = 0;
  ASSERT_EQ(::read(control->get(), &done, 1), 1);
  ASSERT_EQ(done, what == 'p' ? 'P' : 'R');
}

std::string ScanQube::paused_snapshot() {
  std::error_code ignored;
  fs::remove(shared().at("pause.sock"), ignored);
  const std::string name =
      snapshot_by({"--filter=pause", "file", medium({{"p", shared().fresh("p")}}),
                   "pause-control=" + shared().at("pause.sock").string()});
  tell_pause('p');
  return name;
}

void ScanQube::resume() { tell_pause('r'); }

// The server alone: the snapshot's control stays.
void ScanQube::unplug() {
  for (Daemons::Medium& each : shared().media) each.server.kill();
}

Question ScanQube::begin(const std::string& request) {
  return Question(request, paths().scan_socket());
}
Answer ScanQube::ask(const std::string& request) { return begin(request).answer(); }

std::string ScanQube::log_of(const std::string& daemon) {
  return tests::slurp(shared().at(daemon + ".log").string());
}

void ScanQube::import_database(const std::string& serial, const std::string& signature) {
  const fs::path folder = shared().at("db" + serial);
  fs::create_directory(folder);
  tests::samples::add_signature(folder, "Test.Signature." + serial, signature);
  const auto imported = shared().daemons.import(serial, folder);
  EXPECT_TRUE(imported) << imported.error().text;
}

void ScanQube::restart(const std::string& daemon, const std::vector<std::string>& more, int how) {
  if (!shared().up) return;  // every test has said why
  EXPECT_NE(shared().daemons.end(daemon, how), -1) << daemon << " does not end";
  const auto usual = shared().words[daemon];
  shared().words[daemon].insert(shared().words[daemon].end(), more.begin(), more.end());
  const auto started = shared().start(daemon);
  shared().words[daemon] = usual;
  ASSERT_TRUE(started) << started.error().text;
}

namespace {

std::vector<std::string> serving() {
  const std::string log = tests::slurp(shared().at("sallyport-scanner.log").string());
  static const std::regex serves("event=serves machine=(scan-[0-9]+)");
  std::vector<std::string> names;
  for (auto each = std::sregex_iterator(log.begin(), log.end(), serves);
       each != std::sregex_iterator(); ++each) {
    names.push_back((*each)[1]);
  }
  return names;
}

fs::path run_folder(const std::string& machine) {
  return base::io::Paths(shared().paths().scanner_run() / "machines").qube_run(machine);
}

}  // namespace

// Of the daemon's present life.
std::size_t ScanQube::ready_machines() {
  const std::string log = log_of("sallyport-scanner");
  const std::string life = log.substr(log.rfind("event=ready\n") + 1);
  static const std::regex told("event=([a-z_]+) machine=(scan-[0-9]+)");
  std::map<std::string, std::string> last;
  for (auto each = std::sregex_iterator(life.begin(), life.end(), told);
       each != std::sregex_iterator(); ++each) {
    last[(*each)[2]] = (*each)[1];
  }
  return static_cast<std::size_t>(
      std::ranges::count_if(last, [](const auto& machine) { return machine.second == "ready"; }));
}

std::size_t ScanQube::served() { return serving().size(); }

std::string ScanQube::wait_for_serving(std::size_t before) {
  EXPECT_TRUE(wait_until([&] { return serving().size() > before; })) << log_of("sallyport-scanner");
  return serving().size() > before ? serving().at(before) : std::string();
}

pid_t ScanQube::qemu_of(const std::string& machine) {
  std::ifstream in(run_folder(machine) / "pid");
  pid_t pid = -1;
  in >> pid;
  return pid > 1 ? pid : -1;
}

// Never a signal to -1, which is everybody.
bool ScanQube::alive(pid_t qemu) { return qemu > 1 && ::kill(qemu, 0) == 0; }

bool ScanQube::gone(const std::string& machine, pid_t qemu) {
  const base::io::Paths machines(shared().paths().scanner_run() / "machines");
  return wait_until([&] {
    return !alive(qemu) && !fs::exists(run_folder(machine)) &&
           !fs::exists(machines.qubes_d() / (machine + ".conf"));
  });
}

}  // namespace scanqube
