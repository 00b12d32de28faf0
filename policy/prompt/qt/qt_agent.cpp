// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/qt/qt_agent.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <QElapsedTimer>
#include <QProcess>
#include <array>
#include <cerrno>
#include <iostream>
#include <utility>

#include "policy/io/ask_message.hpp"
#include "policy/prompt/scan_first.hpp"

namespace policy::prompt::qt {
namespace {

constexpr std::chrono::milliseconds look_every{300};
constexpr std::chrono::milliseconds read_limit{5000};

// notify-send speaks to the desktop's notifications; without it the journal has to do. The first
// line is the title.
void show(const std::string& text) {
  const std::size_t line = text.find('\n');
  const QString title = QString::fromStdString(text.substr(0, line));
  // A desktop may take a body for markup.
  const QString body = QString::fromStdString(text.substr(line + 1)).trimmed().toHtmlEscaped();
  if (QProcess::startDetached("notify-send", {"--app-name=Sallyport", "--", title, body})) return;
  std::cerr << text;
}

}  // namespace

// One connection: its message until end of file, then the answer. prompt::Asker is the same for
// Asio's event loop.
class QtAgent::Asker {
 public:
  Asker(base::io::Fd socket, QTimer& on_whole)
      : socket_(std::move(socket)),
        readable_(socket_.get(), QSocketNotifier::Read),
        on_whole_(on_whole) {
    since_.start();
    QObject::connect(&readable_, &QSocketNotifier::activated, &readable_, [this] { read(); });
  }

  // All is read that will be, or it failed.
  bool whole() const { return !readable_.isEnabled() || failed(); }
  bool failed() const { return failed_ || (readable_.isEnabled() && late()); }
  const std::string& received() const { return received_; }
  // Has the other side closed both directions? It half-closes after its question, always.
  bool gone() const {
    pollfd entry{.fd = socket_.get(), .events = 0, .revents = 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
  }
  void answer(std::string_view reply) { say(reply); }
  // io::waits_line or io::shown_line, if whoever asks knows them.
  void tell(std::string_view line) {
    if (question.timeout) say(line);
  }

  io::Question question;  // once it is parsed

 private:
  // A few bytes into an empty socket: they fit, or nobody is there to read them.
  void say(std::string_view text) {
    static_cast<void>(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }
  bool late() const { return since_.elapsed() > read_limit.count(); }
  void read() {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size > 0) received_.append(buffer.data(), static_cast<std::size_t>(size));
    failed_ = size < 0 || received_.size() > io::max_question;
    if (size > 0 && !failed_) return;
    readable_.setEnabled(false);
    on_whole_.start();
  }

  base::io::Fd socket_;
  QSocketNotifier readable_;
  QTimer& on_whole_;
  QElapsedTimer since_;
  std::string received_;
  bool failed_ = false;
};

QtAgent::QtAgent(std::vector<base::io::Fd> listeners, std::chrono::seconds patience,
                 base::io::Paths paths)
    : listeners_(std::move(listeners)), patience_(patience), paths_(std::move(paths)) {
  for (const base::io::Fd& each : listeners_) {
    notifiers_.push_back(std::make_unique<QSocketNotifier>(each.get(), QSocketNotifier::Read));
    QObject::connect(notifiers_.back().get(), &QSocketNotifier::activated, this,
                     [this, &each] { accept(each); });
  }
  work_.setSingleShot(true);
  QObject::connect(&work_, &QTimer::timeout, this, [this] { work_off(); });
  watch_.setInterval(look_every);
  QObject::connect(&watch_, &QTimer::timeout, this, [this] { look_for_the_gone(); });
}

QtAgent::~QtAgent() {
  if (open_) open_->answer(io::deny_reply);
  for (const auto& each : waiting_) each->answer(io::deny_reply);
}

void QtAgent::accept(const base::io::Fd& listener) {
  base::io::Fd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket || reading_.size() >= max_reading) return;  // closed at once: that denies
  reading_.push_back(std::make_unique<Asker>(std::move(socket), work_));
  if (!watch_.isActive()) watch_.start();
}

void QtAgent::work_off() {
  for (auto& each : reading_) {
    if (each->whole()) take(std::move(each));
  }
  std::erase(reading_, nullptr);
  if (choice_) send(*choice_);
  for (const ScanWindow* each : std::exchange(closed_, {})) {
    std::erase_if(scans_, [each](const auto& scan) { return scan.get() == each; });
  }
  if (!open_) show_next();
}

void QtAgent::take(std::unique_ptr<Asker> asker) {
  if (asker->failed()) return asker->answer(io::deny_reply);
  if (io::is_notice(asker->received())) {
    if (const auto notice = io::parse_notice(asker->received())) show(render(*notice));
    return;
  }
  auto question = io::parse_question(asker->received());
  if (!question || waiting_.size() >= max_waiting) return asker->answer(io::deny_reply);
  asker->question = *std::move(question);
  if (open_ || !waiting_.empty()) asker->tell(io::waits_line);
  waiting_.push_back(std::move(asker));
}

void QtAgent::send(const Choice& choice) {
  const bool there = open_ && !open_->gone();
  if (there && choice.kind == Choice::Kind::allow) {
    open_->answer(io::encode_reply(choice.target, choice.scope));
  } else if (there && choice.kind == Choice::Kind::scan_first && scan_first(open_->question)) {
    open_->answer(io::scan_first_reply);
  } else if (open_) {
    open_->answer(io::deny_reply);
  }
  close();
}

bool QtAgent::scan_first(const io::Question& question) {
  if (scans_.size() >= max_scans) {
    show("Not scanned: " + shown(question.scan_first) +
         "\nToo many are being scanned; close one\n");
    return false;
  }
  const auto on_closed = [this](ScanWindow* window) {
    closed_.push_back(window);  // not from within it
    work_.start();
  };
  scans_.push_back(
      std::make_unique<ScanWindow>(question, scan_command(paths_, question), on_closed));
  scans_.back()->show();
  scans_.back()->activateWindow();
  return true;
}

void QtAgent::close() {
  window_.reset();
  open_.reset();
  choice_.reset();
}

void QtAgent::show_next() {
  while (!waiting_.empty() && !open_) {
    open_ = std::move(waiting_.front());
    waiting_.pop_front();
    if (open_->gone()) open_.reset();
  }
  if (!open_) return;
  const auto on_choice = [this](const Choice& choice) {
    choice_ = choice;  // not from within the window, which goes with it
    work_.start();
  };
  window_ = std::make_unique<PromptWindow>(open_->question,
                                           open_->question.timeout.value_or(patience_), on_choice);
  window_->show();
  open_->tell(io::shown_line);
  window_->activateWindow();
}

void QtAgent::look_for_the_gone() {
  std::erase_if(waiting_, [](const auto& each) { return each->gone(); });
  if (open_ && open_->gone()) close();
  work_.start();  // some may have taken too long to say what they want
  if (!open_ && waiting_.empty() && reading_.empty()) watch_.stop();
}

}  // namespace policy::prompt::qt
