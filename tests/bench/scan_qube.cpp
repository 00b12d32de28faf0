// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/scan_qube.hpp"

#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "base/io/unix_socket.hpp"
#include "base/sign/io/key_files.hpp"
#include "scanner-qube/report/io/statement_json.hpp"
#include "scanner-qube/report/signed_text.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;
namespace scan_report = scannerqube::report;

constexpr std::chrono::seconds to_boot{300};
constexpr std::size_t longest_log = std::size_t{16} << 20U;

std::size_t times(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

base::Status check(const base::io::Paths& paths, const base::io::Message& message) {
  const std::string word(base::wire::as_text(message.data));
  if (message.fds.size() != 1) return base::fail("the scan in a qube: " + word);
  const auto text = base::io::read_memory_file(message.fds[0], scan_report::max_signed_bytes);
  const auto key = base::sign::io::read_public_key(paths.etc() / "scan.pub");
  if (!text || !key) return base::fail("the scan in a qube gave no report");
  const auto line = scan_report::open_signed(*key, *text);
  if (!line) return base::Unexpected{line.error()};
  const auto statement = scan_report::parse_statement(*line);
  if (!statement) return base::Unexpected{statement.error()};
  const bool good = statement->report && statement->report->found.infected_files == 1 &&
                    statement->report->found.incomplete_files == 0 && !statement->report->found.gap;
  if (good) return base::Ok{};
  return base::fail("the scan in a qube did not find the planted file and nothing else: " + word +
                    ", " + statement->reason);
}

}  // namespace

base::Result<std::unique_ptr<QubeScanner>> QubeScanner::start(const fs::path& folder,
                                                              const fs::path& signatures,
                                                              const fs::path& image) {
  fs::create_directories(folder);
  std::unique_ptr<QubeScanner> made(new QubeScanner(folder));  // NOLINT: a private constructor
  scanqube::Daemons& daemons = made->daemons_;
  auto done = daemons.prepare();
  if (done) done = daemons.import("1", signatures);
  if (done) done = daemons.start("sallyport-snapshots", {});
  if (done) {
    done = daemons.start("sallyport-scanner",
                         {"--images", scanqube::Daemons::images().string(), "--memory", "1024"});
  }
  if (done) done = daemons.start("sallyport-scans", {});
  if (!done) return base::Unexpected{done.error()};
  auto medium = daemons.take_snapshot("medium", {"file", image.string()});
  if (!medium) return base::Unexpected{medium.error()};
  made->medium_ = std::make_unique<scanqube::Daemons::Medium>(*std::move(medium));
  const auto sealed = daemons.ask_snapshots("seal medium");
  if (!sealed) return base::Unexpected{sealed.error()};
  if (!sealed->starts_with("done ")) return base::fail("the snapshot: " + *sealed);
  return made;
}

bool QubeScanner::waits() const {
  const auto log = base::io::read_file(daemons_.at("sallyport-scanner.log"), longest_log);
  return log && times(*log, "event=ready machine=") > times(*log, "event=serves machine=");
}

base::Result<double> QubeScanner::scan() {
  if (!scanqube::wait_until([this] { return waits(); }, to_boot)) {
    return base::fail("no scanner qube: " + rig::tail(daemons_.at("sallyport-scanner.log"), 5));
  }
  const auto desk =
      base::io::connect_unix(daemons_.paths().scan_socket(), base::io::SocketType::seqpacket);
  if (!desk) return base::Unexpected{desk.error()};
  const auto begin = std::chrono::steady_clock::now();
  const auto sent = base::io::send_message(*desk, base::wire::as_bytes("scan medium again=yes"));
  if (!sent) return base::Unexpected{sent.error()};
  for (;;) {
    const auto message = base::io::receive_message(*desk, 2048);
    if (!message) return base::Unexpected{message.error()};
    if (base::wire::as_text(message->data).starts_with("progress ")) continue;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    auto good = check(daemons_.paths(), *message);
    if (!good) return base::Unexpected{good.error()};
    return took.count();
  }
}

}  // namespace bench
