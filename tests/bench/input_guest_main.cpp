// SPDX-License-Identifier: GPL-2.0-or-later
// bench_input_guest: a mouse of uinput, forwarded to another one, in a machine of its own.
//
//   bench_input_guest WAY latency N          for N frames, one after the other: prints the median
//   and
//                                            the 99th percentile from write to read, and the
//                                            processor time of the two processes between for an
//                                            event, in us
//   bench_input_guest WAY flood N RATE STALL N events, RATE a second; the far process stands still
//   for
//                                            STALL ms of each second. Prints "ok", or what was lost
// WAY is `pipe` (two loops of read and write) or `proxy BIN` (sender and receiver in BIN).
#include <fcntl.h>
#include <linux/uinput.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "input-proxy/io/evdev_source.hpp"
#include "input-proxy/io/uinput_sink.hpp"

namespace {

using base::io::Fd;
using inputproxy::Event;
using inputproxy::io::EvdevSource;
using inputproxy::io::UinputSink;
using Clock = std::chrono::steady_clock;

constexpr const char* near_name = "Bench near";
constexpr const char* far_name = "Bench far";
constexpr std::array buttons{BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA};
constexpr Event report{.type = EV_SYN, .code = SYN_REPORT, .value = 0};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "bench_input_guest: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(EXIT_FAILURE);
}

inputproxy::Capabilities mouse() {
  inputproxy::Capabilities device;
  device.types.set(EV_KEY).set(EV_REL);
  for (const int code : buttons) device.keys.set(static_cast<std::size_t>(code));
  device.rels.set(REL_X).set(REL_Y);
  return device;
}

UinputSink make(const char* name) {
  auto sink = UinputSink::make(Fd(::open("/dev/uinput", O_RDWR | O_CLOEXEC)), mouse(),
                               {.name = name, .phys = name});
  if (!sink) die(sink.error().text);
  return *std::move(sink);
}

// "/dev/input/eventN" of the device of that name; waits for it.
std::string node_of(const std::string& wanted) {
  for (int tries = 0; tries < 400; ++tries) {
    for (int number = 0; number < 64; ++number) {
      const std::string path = "/dev/input/event" + std::to_string(number);
      const Fd device(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
      std::array<char, 256> name{};
      if (device && ::ioctl(device.get(), EVIOCGNAME(name.size() - 1), name.data()) >= 0 &&
          wanted == name.data()) {
        return path;
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  die("no device " + wanted);
}

pid_t child(int in, int out, const std::vector<std::string>& command, void (*loop)()) {
  const pid_t pid = ::fork();
  if (pid < 0) die("fork");
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (in >= 0) ::dup2(in, STDIN_FILENO);
  if (out >= 0) ::dup2(out, STDOUT_FILENO);
  if (loop != nullptr) {
    loop();
    std::_Exit(0);
  }
  std::vector<char*> arguments;
  for (const std::string& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  die("run " + command[0]);
}

// The straight pipe: what is read from the device is written, and what is read is played.
void read_loop() {
  const Fd device(::open(node_of(near_name).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 64 * sizeof(input_event)> buffer{};
  for (;;) {
    const ssize_t size = ::read(device.get(), buffer.data(), buffer.size());
    if (size <= 0 || ::write(STDOUT_FILENO, buffer.data(), static_cast<std::size_t>(size)) != size)
      return;
  }
}

void play_loop() {
  UinputSink sink = make(far_name);
  std::array<char, 64 * sizeof(input_event)> buffer{};
  for (;;) {
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size <= 0 || ::write(sink.fd(), buffer.data(), static_cast<std::size_t>(size)) != size)
      return;
  }
}

struct Way {
  pid_t near = 0;
  pid_t far = 0;
};

Way start_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) die("pipe");
  return {.near = child(-1, ends[1], {}, read_loop), .far = child(ends[0], -1, {}, play_loop)};
}

// Joined by pipes as well, so that only what is between differs.
Way start_proxy(const std::string& bin, bool small) {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  if (::pipe2(there.data(), O_CLOEXEC) != 0 || ::pipe2(back.data(), O_CLOEXEC) != 0) die("pipe");
  // So that the sender's own queue has to do it.
  if (small && ::fcntl(there[1], F_SETPIPE_SZ, 4096) < 0) die("pipe");
  const std::string sender = bin + "/sallyport-input-sender";
  return {
      .near = child(back[0], there[1], {sender, node_of(near_name)}, nullptr),
      .far = child(there[0], back[1],
                   {bin + "/sallyport-input-receiver", "--mouse", "--name", far_name}, nullptr)};
}

// Nanoseconds on a processor.
double cpu_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");
  double nanoseconds = 0;
  file >> nanoseconds;
  return nanoseconds;
}

int measure_latency(UinputSink& source, EvdevSource& far, const Way& way, int count) {
  std::vector<double> times;
  std::array<Event, 64> events;
  const double before = cpu_of(way.near) + cpu_of(way.far);
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::array frame{Event{.type = EV_REL, .code = REL_X, .value = 1}, report};
    const auto start = Clock::now();
    if (!source.write(frame)) die("write");
    for (bool arrived = false; !arrived;) {
      pollfd one{.fd = far.fd(), .events = POLLIN, .revents = 0};
      if (::poll(&one, 1, 5000) <= 0) die("a frame did not arrive");
      const auto got = far.read(events);
      if (!got) die("read");
      arrived = *got > 0 && events.at(*got - 1) == report;
    }
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  const double cpu = (cpu_of(way.near) + cpu_of(way.far) - before) / 1000 / (2.0 * count);
  std::ranges::sort(times);
  std::printf("%.3f %.3f %.3f\n", times.at(times.size() / 2), times.at(times.size() * 99 / 100),
              cpu);
  return EXIT_SUCCESS;
}

// What came: clicks in order, and how far the pointer went.
struct Arrived {
  std::vector<Event> clicks;
  long moved = 0;
  bool dropped = false;

  void take(EvdevSource& far) {
    std::array<Event, 64> events;
    for (auto got = far.read(events); got && *got > 0; got = far.read(events)) {
      for (std::size_t i = 0; i < *got; ++i) {
        const Event& event = events.at(i);
        if (event.type == EV_KEY) clicks.push_back(event);
        if (event.type == EV_REL) moved += event.value;
        if (event.type == EV_SYN && event.code == SYN_DROPPED) dropped = true;
      }
    }
  }
};

int flood(UinputSink& source, EvdevSource& far, const Way& way, long count, double rate,
          long stall_ms) {
  Arrived arrived;
  std::vector<Event> clicked;
  long moved = 0;
  bool still = false;
  const auto start = Clock::now();
  for (long sent = 0; sent < count; sent += 2) {
    const long frame = sent / 2;
    Event event{.type = EV_REL, .code = REL_X, .value = 1};
    if (frame % 4 == 0) {
      const auto button = buttons.at(static_cast<std::size_t>(frame / 8) % buttons.size());
      event = {.type = EV_KEY, .code = static_cast<std::uint16_t>(button), .value = frame % 8 == 0};
      clicked.push_back(event);
    } else {
      ++moved;
    }
    if (!source.write(std::array{event, report})) die("write");
    arrived.take(far);
    const auto due = start + std::chrono::duration<double>(static_cast<double>(sent + 2) / rate);
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
    const bool stands = ms % 1000 < stall_ms;
    if (stands != still) ::kill(way.far, stands ? SIGSTOP : SIGCONT);
    still = stands;
    std::this_thread::sleep_until(std::chrono::time_point_cast<Clock::duration>(due));
  }
  ::kill(way.far, SIGCONT);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto patience = Clock::now() + std::chrono::seconds(10);
  while (Clock::now() < patience &&
         (arrived.clicks.size() < clicked.size() || arrived.moved < moved)) {
    arrived.take(far);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const bool good = arrived.clicks == clicked && arrived.moved == moved && !arrived.dropped;
  std::printf("%s: %zu of %zu clicks, motion %ld of %ld, %s, %.0f events/s\n", good ? "ok" : "LOST",
              arrived.clicks.size(), clicked.size(), arrived.moved, moved,
              arrived.dropped ? "the kernel dropped some" : "nothing dropped",
              static_cast<double>(count) / seconds);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool proxy = words.size() > 1 && words[0] == "proxy";
  const std::string bin = proxy ? words[1] : "";
  words.erase(words.begin(), words.begin() + (proxy ? 2 : words.empty() ? 0 : 1));
  if (words.size() != 2 && words.size() != 4) {
    std::fputs("usage: bench_input_guest pipe|proxy BIN latency N | flood N RATE STALL\n", stderr);
    return 2;
  }
  UinputSink source = make(near_name);
  const Way way = proxy ? start_proxy(bin, words[0] == "flood") : start_pipe();
  auto far =
      EvdevSource::take(Fd(::open(node_of(far_name).c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)));
  if (!far) die(far.error().text);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // the near end is open by then
  const long count = std::atol(words[1].c_str());
  const int result = words[0] == "latency"
                         ? measure_latency(source, *far, way, static_cast<int>(count))
                         : flood(source, *far, way, count, std::atof(words[2].c_str()),
                                 std::atol(words[3].c_str()));
  for (const pid_t pid : {way.near, way.far}) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  return result;
}
