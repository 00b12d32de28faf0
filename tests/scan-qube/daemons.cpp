// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scan-qube/daemons.hpp"

#include <signal.h>
#include <unistd.h>

#include <thread>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "base/sign/io/key_files.hpp"
#include "tests/places.hpp"

namespace scanqube {
namespace {

using base::io::Fd;

const std::string built = places::build();

base::Result<Fd> put_request(const base::io::Paths& paths, const std::string& request,
                             const Fd* attached) {
  auto socket = base::io::connect_unix(paths.snapshot_socket(), base::io::SocketType::seqpacket);
  if (!socket) return socket;
  std::vector<const Fd*> fds;
  if (attached != nullptr) fds.push_back(attached);
  auto sent = base::io::send_question(*socket, base::wire::as_bytes(request), fds);
  if (!sent) return base::Unexpected{sent.error()};
  return socket;
}

base::Result<std::string> last_word(const Fd& socket) {
  for (;;) {
    const auto message = base::io::receive_message(socket, 2048);
    if (!message) return base::Unexpected{message.error()};
    std::string word(base::wire::as_text(message->data));
    if (!word.starts_with("progress ")) return word;
  }
}

}  // namespace

bool wait_until(const std::function<bool()>& what, std::chrono::seconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (!what()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::string Daemons::program(const std::string& name) { return built + "/bin/" + name; }
fs::path Daemons::images() { return built + "/tests/scan-images"; }

base::Status Daemons::prepare() const {
  base::io::ignore_sigpipe();
  // The signatures' engine is another user.
  fs::permissions(folder_, fs::perms(0755));
  fs::create_directories(paths_.etc());
  const auto made = rig::run_program({places::source() + "/sys-usb/image/build", "scanner",
                                      "--build-dir", built, "--out", images().string()},
                                     rig::deadline_after(std::chrono::minutes(5)));
  if (!made) return base::Unexpected{made.error()};
  for (const char* key : {"scan", "scan-db"}) {
    const auto keys = base::sign::io::make_key_files(paths_.etc() / (std::string(key) + ".key"),
                                                     paths_.etc() / (std::string(key) + ".pub"));
    if (!keys) return base::Unexpected{keys.error()};
  }
  return base::Ok{};
}

base::Status Daemons::import(const std::string& serial, const fs::path& signatures) const {
  const std::string bundle = at("bundle" + serial).string();
  const std::string root = paths_.root().string();
  const auto made = rig::run_program(
      {program("sallyport"), "db", "make", "--key", (paths_.etc() / "scan-db.key").string(),
       "--out", bundle, "--serial", serial, signatures.string(), "--root", root},
      rig::deadline_after(long_enough));
  if (!made) return base::Unexpected{made.error()};
  std::vector<std::string> words{program("sallyport"), "db", "import", bundle, "--root", root};
  if (::geteuid() == 0) words.insert(words.end(), {"--user", "nobody"});
  const auto imported = rig::run_program(words, rig::deadline_after(long_enough));
  if (!imported) return base::Unexpected{imported.error()};
  return base::Ok{};
}

base::Status Daemons::start(const std::string& daemon, const std::vector<std::string>& more) {
  std::vector<std::string> command{"sh",
                                   "-c",
                                   "exec \"$@\" >>" + at(daemon + ".log").string() + " 2>&1",
                                   "sh",
                                   program(daemon),
                                   "--root",
                                   paths_.root().string()};
  command.insert(command.end(), more.begin(), more.end());
  auto child = rig::Child::start(command, at(daemon + ".sh"));
  if (!child) return base::Unexpected{child.error()};
  daemons_.insert_or_assign(daemon, *std::move(child));
  const std::map<std::string, fs::path> sockets{{"sallyport-scans", paths_.scan_socket()},
                                                {"sallyport-scanner", paths_.scanner_socket()},
                                                {"sallyport-snapshots", paths_.snapshot_socket()}};
  const bool listens = wait_until([&] {
    return base::io::connect_unix(sockets.at(daemon), base::io::SocketType::seqpacket).has_value();
  });
  if (listens) return base::Ok{};
  return base::fail(daemon + " does not listen: " + rig::tail(at(daemon + ".log"), 5));
}

int Daemons::end(const std::string& daemon, int how) {
  const auto found = daemons_.find(daemon);
  // One that has ended is -1, and a signal to that goes to everybody.
  if (found == daemons_.end() || found->second.pid() <= 1) return -1;
  if (::kill(found->second.pid(), how) != 0) return -1;
  const auto code = found->second.wait(rig::deadline_after(long_enough));
  daemons_.erase(found);
  return code.value_or(-1);
}

Daemons::~Daemons() {
  for (const char* daemon : {"sallyport-scans", "sallyport-scanner", "sallyport-snapshots"}) {
    end(daemon, SIGTERM);
  }
}

base::Result<Daemons::Medium> Daemons::take_snapshot(const std::string& name,
                                                     const std::vector<std::string>& server) const {
  const fs::path socket = at(name + ".sock");
  std::vector<std::string> command{"nbdkit", "-f", "-r", "--unix", socket.string()};
  command.insert(command.end(), server.begin(), server.end());
  auto child = rig::Child::start(command, at(name + ".log"));
  if (!child) return base::Unexpected{child.error()};
  Fd stream;
  const bool there = wait_until([&] {
    auto connected = base::io::connect_unix(socket);
    if (connected) stream = *std::move(connected);
    return connected.has_value();
  });
  if (!there) return base::fail("nbdkit: " + rig::tail(at(name + ".log"), 5));
  auto control = put_request(paths_, "medium " + name + " fill=lazy seal=no", &stream);
  if (!control) return base::Unexpected{control.error()};
  const auto word = last_word(*control);
  if (!word) return base::Unexpected{word.error()};
  if (!word->starts_with("ready ")) return base::fail("no snapshot: " + *word);
  auto attached = base::io::send_message(*control, base::wire::as_bytes("attached"));
  if (!attached) return base::Unexpected{attached.error()};
  return Medium{.server = *std::move(child), .control = *std::move(control)};
}

base::Result<std::string> Daemons::ask_snapshots(const std::string& request) const {
  const auto socket = put_request(paths_, request, nullptr);
  if (!socket) return base::Unexpected{socket.error()};
  return last_word(*socket);
}

}  // namespace scanqube
