// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/receiver.hpp"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/sandbox.hpp"
#include "input-proxy/io/chord_board.hpp"
#include "input-proxy/io/poller.hpp"

namespace inputproxy::io {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds tick{200};
constexpr milliseconds time_to_read{100};
// Lights for a sender that does not read them: the newest are enough.
constexpr std::size_t max_back = 256;

struct Prepared {
  base::io::Fd uinput;
  std::optional<ChordBoard> board;
  bool stdout_is_socket = false;
};

class Receiver {
 public:
  Receiver(const ReceiverOptions& options, Prepared prepared)
      : options_(options),
        session_(options.rules),
        uinput_(std::move(prepared.uinput)),
        board_(std::move(prepared.board)),
        stdout_is_socket_(prepared.stdout_is_socket),
        began_(Clock::now()) {
    wire_.reserve(max_back * event_size);
    poller_.watch(from_sender, STDIN_FILENO, Poller::For::reading);
    poller_.watch(to_sender, STDOUT_FILENO, Poller::For::nothing);
  }

  int run() {
    while (session_.ending() == ReceiverSession::Ending::none) {
      if (auto turned = turn(); !turned) return fail(turned.error().text);
    }
    // What was pressed is released by the session, and by the kernel when the device goes. A reader
    // that finds the device gone is not told by evdev of what came before, so it is given the time.
    if (sink_) std::this_thread::sleep_for(time_to_read);
    return finish();
  }

 private:
  static constexpr std::size_t from_sender = 0;
  static constexpr std::size_t to_sender = 1;
  static constexpr std::size_t from_device = 2;

  nanoseconds now() const { return Clock::now() - began_; }

  base::Status turn() {
    if (stream_alone_has_news()) {
      take_stream();  // which waits; asking before would cost each event a tenth of its way
    } else if (auto waited = wait_and_read(); !waited) {
      return waited;
    }
    pace();
    if (auto said = tell(); !said) return said;
    if (auto written = write_out(); !written) return written;
    return write_back();
  }

  base::Status wait_and_read() {
    if (auto waited = poller_.wait(timeout()); !waited) return waited;
    if (session_.ticks()) session_.tick(now());
    if (poller_.ready(from_device)) {
      if (auto read = take_feedback(); !read) return read;
    }
    if (poller_.ready(from_sender)) take_stream();
    return base::Ok{};
  }

  // A device without lights is told nothing by its kernel.
  bool stream_alone_has_news() const {
    return sink_ && !session_.device()->types[EV_LED] && !session_.ticks() && wire_.empty() &&
           paused_until_ == nanoseconds(0);
  }

  // Reads no more of the stream until its pause is over.
  void pace() {
    if (paused_until_ == nanoseconds(0)) return;
    const bool over = now() >= paused_until_;
    if (over) paused_until_ = nanoseconds(0);
    poller_.change(from_sender, over ? Poller::For::reading : Poller::For::nothing);
  }

  int timeout() const {
    if (paused_until_ == nanoseconds(0)) {
      return session_.ticks() ? static_cast<int>(tick.count()) : -1;
    }
    // Rounded up: a wait that ends too early would spin.
    const auto left = std::max(nanoseconds(0), paused_until_ - now());
    return static_cast<int>(std::chrono::ceil<milliseconds>(left).count());
  }

  void take_stream() {
    const auto space = session_.space();
    const ssize_t size = ::read(STDIN_FILENO, space.data(), space.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return session_.closed();
    const nanoseconds arrived = now();
    if (board_) session_.set_elsewhere(board_->elsewhere());
    session_.filled(static_cast<std::size_t>(size), arrived);
    if (board_) board_->tell(session_.chord_keys_held());
    const nanoseconds pause = session_.take_pause();
    if (pause > nanoseconds(0)) paused_until_ = arrived + pause;
  }

  base::Status take_feedback() {
    std::array<Event, 16> feedback;
    const auto count = sink_->read(feedback);
    if (!count) return base::fail(count.error().text);
    for (std::size_t i = 0; i < *count; ++i) session_.feedback(feedback.at(i));
    return base::Ok{};
  }

  base::Status tell() {
    const auto status = session_.take_status();
    if (status == ReceiverSession::Status::none || options_.status_fd < 0) return base::Ok{};
    const bool paired = status == ReceiverSession::Status::paired;
    const std::string_view line = paired ? "paired\n" : "pairing\n";
    if (::write(options_.status_fd, line.data(), line.size()) < 0) {
      return base::io::fail_errno("tell of the pairing");
    }
    return base::Ok{};
  }

  base::Status write_out() {
    if (session_.device() != nullptr && !sink_) {
      if (auto made = make_device(); !made) return made;
    }
    if (session_.out().empty()) return base::Ok{};
    auto written = sink_->write(session_.out());
    session_.out().clear();
    return written;
  }

  base::Status make_device() {
    const Capabilities& device = *session_.device();
    Appearance appearance;
    const std::string& name = options_.name.empty() ? device.name : options_.name;
    appearance.name = options_.remote.empty() ? name : options_.remote + ": " + name;
    appearance.phys = "sallyport/" + options_.remote + "/" + options_.argument;
    appearance.vendor = options_.vendor;
    appearance.product = options_.product;
    auto sink = UinputSink::make(std::move(uinput_), device, appearance);
    if (!sink) return base::fail(sink.error().text);
    sink_ = *std::move(sink);
    poller_.watch(from_device, sink_->fd(), Poller::For::reading);
    return base::Ok{};
  }

  base::Status write_back() {
    auto& events = session_.back();
    if (events.empty() && wire_.empty()) return base::Ok{};
    for (const Event& event : events) {
      if (wire_.size() >= max_back * event_size) break;
      wire_.resize(wire_.size() + event_size);
      encode_event(event, wire_.data() + wire_.size() - event_size);
    }
    events.clear();
    // As a socket it is the stream that is read as well, and reading is to wait.
    const ssize_t size = stdout_is_socket_ ? ::send(STDOUT_FILENO, wire_.data(), wire_.size(),
                                                    MSG_DONTWAIT | MSG_NOSIGNAL)
                                           : ::write(STDOUT_FILENO, wire_.data(), wire_.size());
    const bool later = size < 0 && (errno == EAGAIN || errno == EINTR);
    // A sender that is gone shows at the end of its stream.
    if (size < 0 && !later) wire_.clear();
    if (size > 0) wire_.erase(wire_.begin(), wire_.begin() + size);
    poller_.change(to_sender, wire_.empty() ? Poller::For::nothing : Poller::For::writing);
    return base::Ok{};
  }

  int finish() const {
    switch (session_.ending()) {
      case ReceiverSession::Ending::none:
      case ReceiverSession::Ending::over:
        return 0;
      case ReceiverSession::Ending::refused:
        return fail(session_.reason());
      case ReceiverSession::Ending::unwanted:
        return fail(session_.reason(), exit_unwanted);
      case ReceiverSession::Ending::unpaired:
        return fail("not paired: " + session_.reason(), exit_unpaired);
      case ReceiverSession::Ending::injected:
        return fail("quarantined: " + session_.reason(), exit_injected);
      case ReceiverSession::Ending::panic:
        return fail(session_.reason(), exit_panic);
    }
    return exit_refused_device;
  }

  static int fail(const std::string& reason, int code = exit_refused_device) {
    std::cerr << "sallyport-input-receiver: " << reason << '\n';
    return code;
  }

  const ReceiverOptions& options_;
  ReceiverSession session_;
  base::io::Fd uinput_;  // until the device is made of it
  Poller poller_;
  std::optional<UinputSink> sink_;
  std::optional<ChordBoard> board_;  // keyboards only
  std::vector<std::byte> wire_;      // for the sender
  bool stdout_is_socket_;
  Clock::time_point began_;
  nanoseconds paused_until_{0};
};

// Reading waits, writing does not. Whether stdout is a socket, which is written to in another way.
base::Result<bool> set_up_stream() {
  const auto failed = [] {
    return base::io::fail_errno("set up the stream", "stdin and stdout must be open");
  };
  struct stat out {};
  const int in_flags = ::fcntl(STDIN_FILENO, F_GETFL);
  if (in_flags < 0 || ::fcntl(STDIN_FILENO, F_SETFL, in_flags & ~O_NONBLOCK) < 0 ||
      ::fstat(STDOUT_FILENO, &out) != 0) {
    return failed();
  }
  if (S_ISSOCK(out.st_mode)) return true;
  const int out_flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  if (out_flags < 0 || ::fcntl(STDOUT_FILENO, F_SETFL, out_flags | O_NONBLOCK) < 0) return failed();
  return false;
}

base::Result<Prepared> prepare(const ReceiverOptions& options) {
  base::io::ignore_sigpipe();
  base::io::Fd uinput(::open(options.uinput.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!uinput) {
    return base::io::fail_errno("open " + options.uinput,
                                "modprobe uinput, and let this user write to it");
  }
  const auto is_socket = set_up_stream();
  if (!is_socket) return base::fail(is_socket.error().text);
  Prepared prepared{
      .uinput = std::move(uinput), .board = std::nullopt, .stdout_is_socket = *is_socket};
  if (!options.board.empty() && options.rules.accepted.keyboard) {
    auto board = ChordBoard::open(options.board);
    if (!board) return base::fail(board.error().text);
    prepared.board = *std::move(board);
  }
  if (auto entered =
          base::io::enter_sandbox({.syscalls = {"poll", "ppoll", "ioctl", "fcntl", "sendto"},
                                   .paths = std::vector<base::io::PathRight>()});
      !entered) {
    return base::fail(entered.error().text);
  }
  return prepared;
}

}  // namespace

int run_receiver(const ReceiverOptions& options) {
  auto prepared = prepare(options);
  if (!prepared) {
    std::cerr << "sallyport-input-receiver: " << prepared.error().text << '\n';
    return exit_refused_device;
  }
  return Receiver(options, *std::move(prepared)).run();
}

}  // namespace inputproxy::io
