// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/io/scan_case.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "base/io/unix_socket.hpp"
#include "scanner-qube/database/io/database_store.hpp"
#include "scanner-qube/desk/io/snapshots.hpp"
#include "scanner-qube/host/machine_request.hpp"
#include "scanner-qube/qube/answer.hpp"
#include "scanner-qube/release/permitted.hpp"
#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/io/statement_json.hpp"

namespace scannerqube::desk {
namespace {

using base::io::Fd;

constexpr std::size_t max_word = 2048;
// As a machine says it (host/io/scan_task.cpp).
constexpr std::string_view database_changed = "the database has just changed; ask again";
// A file is in the qube's memory whole; qubes have 3 GiB.
constexpr std::uint64_t largest_file = std::uint64_t{512} << 20U;

}  // namespace

void ScanCase::tell(const std::string& word) const {
  const std::string cut = word.substr(0, 1024);
  [[maybe_unused]] const ssize_t ignored =
      ::send(asker_.socket.get(), cut.data(), cut.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ScanCase::run(const DeskRequest& request) {
  if (const auto done = scan(request); !done) tell("failed " + done.error().text);
}

base::Result<report::ScanFacts> ScanCase::begin_facts(const DeskRequest& request) const {
  const auto current = database::io::read_current(paths_.scan_db());
  if (!current) return base::Unexpected{current.error()};
  report::ScanFacts facts{.snapshot = request.snapshot, .approved_by = asker_.who};
  const std::size_t colon = request.device.find(':');
  if (colon != std::string::npos) {
    facts.device.backend = request.device.substr(0, colon);
    facts.device.port = request.device.substr(colon + 1);
  }
  facts.device.ids = request.device_id;
  facts.approved_at = facts.started = std::time(nullptr);
  facts.options = report::digest_of(limits_);
  facts.database = {.version = std::to_string(current->published.manifest.serial.value),
                    .sha256 = current->published.digest,
                    .date = current->published.manifest.created};
  return facts;
}

base::Status ScanCase::scan(const DeskRequest& request) {
  limits_.deleted = request.deleted;
  limits_.largest_file = largest_file;
  auto asked = ask_scanner(request);
  // An import ended between our look at the signatures and the scanner's: they are there now.
  if (asked && asked->answers.no_report == database_changed) asked = ask_scanner(request);
  if (!asked) return base::Unexpected{asked.error()};
  if (asked->known) return base::Ok{};
  // Only of bytes that will never change is anything stated.
  const auto shown = Snapshots(paths_.snapshot_socket()).show(request.snapshot);
  if (!shown) return base::Unexpected{shown.error()};
  if (shown->id != snapshot_) return base::fail("the snapshot was dropped meanwhile");
  if (!shown->root) {
    return base::fail("the snapshot could not be sealed: " + asked->answers.seal);
  }
  asked->facts.root = *shown->root;
  asked->facts.medium_size = shown->size;
  return conclude(request, std::move(asked->facts), asked->answers, shown->unreadable);
}

base::Result<ScanCase::Asked> ScanCase::ask_scanner(const DeskRequest& request) {
  auto facts = begin_facts(request);
  if (!facts) return base::Unexpected{facts.error()};
  const auto shown = Snapshots(paths_.snapshot_socket()).show(request.snapshot);
  if (!shown) return base::Unexpected{shown.error()};
  snapshot_ = shown->id;
  Asked asked{.facts = *std::move(facts), .answers = {}, .known = false};
  // A report is of the bytes. Zeros in place of what could not be read have the root of a medium
  // that has such zeros.
  if (shown->root && !request.again && !request.passphrase && shown->unreadable == 0) {
    asked.facts.root = *shown->root;
    asked.known = answer_known(asked.facts);
    if (asked.known) return asked;
  }
  auto answers = gather(request, asked.facts);
  if (!answers) return base::Unexpected{answers.error()};
  asked.answers = *std::move(answers);
  return asked;
}

// A report of the same bytes, with the same signatures and limits, is as good as a new one, unless
// it rests on what was remembered of a medium: whoever asks now may not want that, or mean another.
bool ScanCase::answer_known(const report::ScanFacts& facts) {
  const auto kept = kept_.read(facts.root);
  if (!kept || kept->statement.report->found.files_from_cache > 0 ||
      kept->statement.facts.database.sha256 != facts.database.sha256 ||
      kept->statement.facts.options != facts.options) {
    return false;
  }
  return note(kept->statement).has_value() &&
         give(kept->signed_text, kept->statement, "known").has_value();
}

// What comes of the scanner: true when it has said its last.
base::Result<bool> ScanCase::hear_scanner(const Fd& scanner, Answers& answers,
                                          std::string& progress) {
  const auto message = base::io::receive_message(scanner, max_word);
  if (!message) return base::Unexpected{message.error()};
  const std::string_view word = base::wire::as_text(message->data);
  constexpr std::string_view failed = "failed ";
  if (word.starts_with("progress ")) {
    progress = "progress scanning " + std::string(word.substr(9));
    return false;
  }
  constexpr std::string_view done = "done ";
  if (word.starts_with(done) && message->fds.size() == 2 &&
      base::hash::from_hex(word.substr(done.size()), answers.options)) {
    auto text = base::io::read_memory_file(message->fds[0], max_report_bytes);
    if (!text) return base::Unexpected{text.error()};
    auto files = base::io::read_memory_file(message->fds[1], max_files_bytes);
    if (!files) return base::Unexpected{files.error()};
    answers.report = *std::move(text);
    answers.files = *std::move(files);
    return true;
  }
  answers.no_report = word.starts_with(failed)
                          ? std::string(word.substr(failed.size()))
                          : "sallyport-scanner ended in the middle of the scan";
  return true;
}

// What was clean on the medium before, in a sealed file; nothing, if nothing is known of it or all
// of it is to be scanned.
base::Result<std::optional<Fd>> ScanCase::known_contents(const DeskRequest& request,
                                                         const report::ScanFacts& facts) const {
  if (!request.medium || request.again) return std::optional<Fd>();
  const auto list = remembered_.read(*request.medium, facts.database.sha256);
  if (!list) return std::optional<Fd>();
  auto file = base::io::sealed_copy(base::wire::as_bytes(encode_list(*list)));
  if (!file) return base::Unexpected{file.error()};
  return std::optional(*std::move(file));
}

// The medium is read to its end and sealed while the scanner reads it too.
base::Result<ScanCase::Answers> ScanCase::gather(const DeskRequest& request,
                                                 const report::ScanFacts& facts) {
  const Snapshots snapshots(paths_.snapshot_socket());
  auto stream = snapshots.read(request.snapshot);
  if (!stream) return base::Unexpected{stream.error()};
  auto scanner = base::io::connect_unix(paths_.scanner_socket(), base::io::SocketType::seqpacket);
  if (!scanner) return base::fail(scanner.error().text + "; is sallyport-scanner running?");
  const auto list = known_contents(request, facts);
  if (!list) return base::Unexpected{list.error()};
  const std::optional<Fd>& known = *list;
  const MachineRequest wanted{
      .size = stream->size,
      .largest_file = limits_.largest_file,
      .deleted = request.deleted ? ScanOrder::Deleted::include : ScanOrder::Deleted::leave_out,
      .database = facts.database.version,
      .database_sha256 = facts.database.sha256,
      .known = known.has_value(),
      .passphrase = asker_.passphrase != nullptr};
  const std::string text = format_request(wanted);
  std::vector<const Fd*> passed{&stream->data};
  if (known) passed.push_back(&*known);
  if (asker_.passphrase != nullptr) passed.push_back(asker_.passphrase);
  auto sent = base::io::send_question(*scanner, base::wire::as_bytes(text), passed);
  if (!sent) return base::Unexpected{sent.error()};
  stream->data.reset();
  auto seal = snapshots.ask("seal " + request.snapshot);
  if (!seal) return base::Unexpected{seal.error()};
  if (!request.stays) tell("started");
  Answers answers;
  bool scanned = false;
  while (!scanned || answers.seal.empty()) {
    // A negative descriptor is passed over (poll(2)).
    std::array<pollfd, 3> waiting{pollfd{request.stays ? asker_.socket.get() : -1, POLLRDHUP, 0},
                                  pollfd{scanned ? -1 : scanner->get(), POLLIN, 0},
                                  pollfd{answers.seal.empty() ? seal->get() : -1, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
      return base::io::fail_errno("poll");
    }
    if (waiting[0].revents != 0) return base::fail("whoever asked has left");
    if (waiting[1].revents != 0) {
      std::string progress;
      const auto over = hear_scanner(*scanner, answers, progress);
      if (!over) return base::Unexpected{over.error()};
      if (!progress.empty()) tell(progress);
      scanned = *over;
    }
    if (waiting[2].revents != 0) {
      const auto word = hear(*seal);
      if (!word) return base::Unexpected{word.error()};
      if (word->starts_with("progress ")) {
        tell("progress reading " + word->substr(9));
      } else {
        answers.seal = word->empty() ? "its process ended" : *word;
      }
    }
  }
  return answers;
}

ScanCase::Judged ScanCase::judged(const report::ScanFacts& facts, const Answers& answers,
                                  std::size_t unreadable) {
  const auto failed = [&facts](const std::string& why) {
    return Judged{.statement = report::failed_statement(facts, why)};
  };
  if (!answers.no_report.empty()) return failed(answers.no_report);
  Judged judged{.statement = report::judge(facts, answers.report)};
  const report::Statement& statement = judged.statement;
  if (!statement.report) return judged;
  if (!answers.files.empty()) {
    auto list = release::parse_list(base::wire::as_bytes(answers.files), facts.medium_size);
    if (!list) {
      return failed("its list of clean files: " + std::string(describe(list.error())));
    }
    const auto permitted = release::check_permitted(*list, *statement.report);
    if (!permitted) return failed(permitted.error().text);
    judged.clean_files = *std::move(list);
  }
  // Where nothing was to be read, nothing was found: the scanner need not have looked there.
  if (unreadable > 0 && statement.verdict() == Verdict::clean) {
    return failed(std::to_string(unreadable) +
                  " places of the medium could not be read, so it is not clean; read it again or "
                  "with another reader, and make a new snapshot");
  }
  return judged;
}

base::Status ScanCase::conclude(const DeskRequest& request, report::ScanFacts facts,
                                const Answers& answers, std::size_t unreadable) {
  facts.ended = std::time(nullptr);
  const Judged result = judged(facts, answers, unreadable);
  const report::Statement& statement = result.statement;
  const auto text = report::sign_statement(key_, statement);
  if (!text) return base::Unexpected{text.error()};
  // A scan that failed says nothing of the bytes: what is known of them stays, for policy too.
  const bool stays = !statement.report && unreadable == 0 && kept_.read(facts.root).has_value();
  if (auto kept = kept_.keep(statement, *text, answers.files); !kept) return kept;
  if (!stays) {
    if (auto noted = note(statement); !noted) return noted;
  }
  // The verdict stands, whatever becomes of this.
  if (auto done = remember(request, result, answers.options); !done) {
    log_.warning("not_remembered", {{"why", done.error().text}});
  }
  return give(*text, statement, "new");
}

// Of a medium that is clean as a whole, and for that medium alone: what says so is a qube that has
// looked at it. One that is not clean has no memory: a qube may have lied for it before.
base::Status ScanCase::remember(const DeskRequest& request, const Judged& judged,
                                const base::hash::Digest& options) const {
  const Verdict verdict = judged.statement.verdict();
  if (!request.medium || verdict == Verdict::failed) return base::Ok{};
  if (verdict != Verdict::clean) return remembered_.forget(*request.medium);
  if (judged.clean_files.empty()) return base::Ok{};
  std::vector<ContentKey> contents;
  contents.reserve(judged.clean_files.size());
  for (const release::ReleasedFile& file : judged.clean_files) {
    contents.push_back({.sha256 = file.sha256, .size = file.size});
  }
  return remembered_.keep(make_list({.database = judged.statement.facts.database.sha256,
                                     .options = options,
                                     .medium = *request.medium},
                                    std::move(contents)));
}

base::Status ScanCase::note(const report::Statement& statement) const {
  const report::ScanFacts& facts = statement.facts;
  const std::string text = report::sign_note(key_, {.snapshot = snapshot_,
                                                    .root = facts.root,
                                                    .verdict = statement.verdict(),
                                                    .database_date = facts.database.date,
                                                    .ended = facts.ended});
  return base::io::write_file_atomically(paths_.scan_verdicts() / base::hash::to_hex(snapshot_),
                                         text, 0644);
}

base::Status ScanCase::give(std::string_view signed_text, const report::Statement& statement,
                            const char* how) const {
  const auto file = base::io::sealed_copy(base::wire::as_bytes(signed_text));
  if (!file) return base::Unexpected{file.error()};
  const std::string word = "done " + std::string(verdict_name(statement.verdict())) + ' ' + how;
  return base::io::send_message(asker_.socket, base::wire::as_bytes(word), {&*file});
}

}  // namespace scannerqube::desk
