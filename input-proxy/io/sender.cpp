// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/sender.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <iostream>

#include "agent/devices/client.hpp"
#include "base/io/sandbox.hpp"
#include "input-proxy/io/evdev_source.hpp"
#include "input-proxy/io/poller.hpp"

namespace inputproxy::io {
namespace {

constexpr std::size_t events_per_turn = 64;

base::Result<base::io::Fd> open_device(const SenderOptions& options) {
  if (options.event) {
    auto helper = agent::devices::Client::connect(options.devices_socket);
    if (!helper) return base::fail(helper.error().text);
    auto opened = helper->open_input(*options.event);
    if (!opened) return base::fail(opened.error().text);
    return *std::move(opened);
  }
  base::io::Fd device(::open(options.device.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!device) return base::io::fail_errno("open " + options.device);
  return device;
}

// Joins the device and the stream.
class Pump {
 public:
  explicit Pump(EvdevSource source) : source_(std::move(source)), session_(source_.capabilities()) {
    poller_.watch(device, source_.fd(), Poller::For::reading);
    poller_.watch(feedback, STDIN_FILENO, Poller::For::reading);
    poller_.watch(stream, STDOUT_FILENO, Poller::For::writing);  // first the greeting
    lights_.reserve(events_per_turn);
  }

  // False: the stream or the device has ended.
  base::Result<bool> turn() {
    if (auto waited = poller_.wait(-1); !waited) return base::fail(waited.error().text);
    if (poller_.ready(feedback) && !take_feedback()) return false;
    if (poller_.ready(device) && !take_events()) return false;
    if (session_.wants_state()) session_.state(source_.state());
    return send();
  }

 private:
  static constexpr std::size_t device = 0;
  static constexpr std::size_t feedback = 1;
  static constexpr std::size_t stream = 2;

  bool take_feedback() {
    const auto space = session_.space();
    const ssize_t size = ::read(STDIN_FILENO, space.data(), space.size());
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    session_.filled(static_cast<std::size_t>(size), lights_);
    const auto set = source_.set_lights(lights_);
    lights_.clear();
    return set.has_value();
  }

  bool take_events() {
    std::array<Event, events_per_turn> events;
    const auto count = source_.read(events);
    if (!count) return false;
    for (std::size_t i = 0; i < *count; ++i) session_.event(events.at(i));
    return true;
  }

  // As much as the stream takes now; false: its other end is closed.
  base::Result<bool> send() {
    auto bytes = session_.offer();
    while (!bytes.empty()) {
      const ssize_t size = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) break;
      if (size < 0 && errno == EPIPE) return false;
      if (size < 0) return base::io::fail_errno("write to the stream");
      session_.written(static_cast<std::size_t>(size));
      bytes = session_.offer();
    }
    poller_.change(stream, bytes.empty() ? Poller::For::nothing : Poller::For::writing);
    // A device that is not read is its kernel's to count.
    poller_.change(device, session_.wants_events() ? Poller::For::reading : Poller::For::nothing);
    return true;
  }

  EvdevSource source_;
  SenderSession session_;
  Poller poller_;
  std::vector<Event> lights_;
};

base::Status run(const SenderOptions& options) {
  base::io::ignore_sigpipe();
  auto device = open_device(options);
  if (!device) return base::fail(device.error().text);
  auto source = EvdevSource::take(*std::move(device));
  if (!source) return base::fail(source.error().text);
  // The stream is ours alone; a full one must not keep us from reading the device.
  for (const int number : {STDIN_FILENO, STDOUT_FILENO}) {
    const int flags = ::fcntl(number, F_GETFL);
    if (flags < 0 || ::fcntl(number, F_SETFL, flags | O_NONBLOCK) < 0) {
      return base::io::fail_errno("set up the stream", "stdin and stdout must be open");
    }
  }
  if (auto entered = base::io::enter_sandbox(
          {.syscalls = {"poll", "ppoll", "ioctl"}, .paths = std::vector<base::io::PathRight>()});
      !entered) {
    return entered;
  }
  Pump pump(*std::move(source));
  for (;;) {
    auto goes_on = pump.turn();
    if (!goes_on) return base::fail(goes_on.error().text);
    if (!*goes_on) return base::Ok{};
  }
}

}  // namespace

const char* const sender_usage =
    "usage: sallyport-input-sender /dev/input/eventN | --event N [--devices-socket PATH]\n"
    "Forwards one input device to stdin and stdout, in the protocol of qubes.InputKeyboard.\n"
    "  --event N              the device is opened by sallyport-devices\n"
    "  --devices-socket PATH  instead of /run/sallyport/devices.sock\n";

base::Result<SenderOptions> SenderOptions::parse(const std::vector<std::string>& arguments) {
  SenderOptions options;
  options.devices_socket = agent::devices::default_socket;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help") {
      options.help = true;
      return options;
    }
    if (word == "--event" || word == "--devices-socket") {
      if (i + 1 == arguments.size()) return base::fail(word + " needs a value");
      const std::string& value = arguments[++i];
      if (word == "--devices-socket") {
        options.devices_socket = value;
        continue;
      }
      std::uint32_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc{} || end != value.data() + value.size()) {
        return base::fail("--event " + value + ": not the N of /dev/input/eventN");
      }
      options.event = number;
    } else if (word.starts_with('-') || !options.device.empty()) {
      return base::fail("unknown option " + word);
    } else {
      options.device = word;
    }
  }
  if (options.device.empty() == !options.event) return base::fail("which device? one, please");
  return options;
}

int run_sender(const SenderOptions& options) {
  const auto done = run(options);
  if (done) return 0;
  std::cerr << "sallyport-input-sender: " << done.error().text << '\n';
  return 1;
}

}  // namespace inputproxy::io
