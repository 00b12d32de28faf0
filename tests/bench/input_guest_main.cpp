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
// WAY is `pipe` (two loops of read and write) or `proxy BIN` (sender and receiver in BIN), joined
// by pipes; `sockets` and `proxy-sockets BIN`: the same, joined by a socket pair.
#include <fcntl.h>
#include <linux/uinput.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

// A mouse with a surface for one finger, whose frames are not to be mixed.
inputproxy::Capabilities mouse() {
  inputproxy::Capabilities device;
  device.types.set(EV_KEY).set(EV_REL).set(EV_ABS);
  for (const int code : buttons) device.keys.set(static_cast<std::size_t>(code));
  device.rels.set(REL_X).set(REL_Y);
  for (const int code : {ABS_MT_SLOT, ABS_MT_TRACKING_ID, ABS_MT_POSITION_X, ABS_MT_POSITION_Y}) {
    const auto axis = static_cast<std::size_t>(code);
    device.axes.set(axis);
    device.ranges.at(axis).maximum = axis == ABS_MT_SLOT ? 1 : 65535;
  }
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

enum class Join { pipes, sockets };

Way start_plain(Join join) {
  std::array<int, 2> ends{};
  const bool joined = join == Join::pipes
                          ? ::pipe2(ends.data(), O_CLOEXEC) == 0
                          : ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0;
  if (!joined) die("join");
  return {.near = child(-1, ends[1], {}, read_loop), .far = child(ends[0], -1, {}, play_loop)};
}

Way start_proxy(const std::string& bin, Join join, bool small) {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  if (join == Join::sockets) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) die("socketpair");
    // One socket for both ways on each side: the sender's is pair[0], the receiver's pair[1].
    there = {pair[1], pair[0]};
    back = {pair[0], pair[1]};
  } else if (::pipe2(there.data(), O_CLOEXEC) != 0 || ::pipe2(back.data(), O_CLOEXEC) != 0) {
    die("pipe");
  }
  // So that the sender's own queue has to do it.
  if (small && join == Join::pipes && ::fcntl(there[1], F_SETPIPE_SZ, 4096) < 0) die("pipe");
  const std::string sender = bin + "/sallyport-input-sender";
  return {
      .near = child(back[0], there[1], {sender, node_of(near_name)}, nullptr),
      .far = child(there[0], back[1],
                   {bin + "/sallyport-input-receiver", "--mouse", "--tablet", "--name", far_name},
                   nullptr)};
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

// What came: all but motion in order, and how far the pointer went.
struct Arrived {
  std::vector<Event> exact;
  long moved = 0;
  bool dropped = false;

  void take(EvdevSource& far) {
    std::array<Event, 64> events;
    for (auto got = far.read(events); got && *got > 0; got = far.read(events)) {
      for (std::size_t i = 0; i < *got; ++i) {
        const Event& event = events.at(i);
        if (event.type == EV_REL) {
          moved += event.value;
        } else if (event.type != EV_SYN) {
          exact.push_back(event);
        } else if (event.code == SYN_DROPPED) {
          dropped = true;
        }
      }
    }
  }
};

// Half of the frames move the pointer, a quarter are clicks, a quarter the finger's; each differs
// from the one before it of its kind, for a kernel passes no news that is none.
Event frame_of(long frame) {
  const long round = frame / 8;
  switch (frame % 4) {
    case 0: {
      const auto button = buttons.at(static_cast<std::size_t>(round) % buttons.size());
      return {.type = EV_KEY, .code = static_cast<std::uint16_t>(button), .value = frame % 8 == 0};
    }
    case 2:
      return {.type = EV_ABS,
              .code = static_cast<std::uint16_t>(frame % 8 == 2 ? ABS_MT_POSITION_X
                                                                : ABS_MT_POSITION_Y),
              .value = static_cast<std::int32_t>(round % 60000) + 1};
    default:
      return {.type = EV_REL, .code = REL_X, .value = 1};
  }
}

int flood(UinputSink& source, EvdevSource& far, const Way& way, long count, double rate,
          long stall_ms) {
  Arrived arrived;
  std::vector<Event> sent_exactly;
  long moved = 0;
  bool still = false;
  const Event touch{.type = EV_ABS, .code = ABS_MT_TRACKING_ID, .value = 1};
  if (!source.write(std::array{touch, report})) die("write");
  sent_exactly.push_back(touch);
  const auto start = Clock::now();
  for (long sent = 0; sent < count; sent += 2) {
    const Event event = frame_of(sent / 2);
    if (event.type == EV_REL) {
      ++moved;
    } else {
      sent_exactly.push_back(event);
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
         (arrived.exact.size() < sent_exactly.size() || arrived.moved < moved)) {
    arrived.take(far);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const bool good = arrived.exact == sent_exactly && arrived.moved == moved && !arrived.dropped;
  std::printf("%s: %zu of %zu clicks and touches, motion %ld of %ld, %s, %.0f events/s\n",
              good ? "ok" : "LOST", arrived.exact.size(), sent_exactly.size(), arrived.moved, moved,
              arrived.dropped ? "the kernel dropped some" : "nothing dropped",
              static_cast<double>(count) / seconds);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool proxy = words.size() > 1 && words[0].starts_with("proxy");
  const bool sockets = !words.empty() && words[0].ends_with("sockets");
  const Join join = sockets ? Join::sockets : Join::pipes;
  const std::string bin = proxy ? words[1] : "";
  words.erase(words.begin(), words.begin() + (proxy ? 2 : words.empty() ? 0 : 1));
  if (words.size() != 2 && words.size() != 4) {
    std::fputs(
        "usage: bench_input_guest pipe|sockets|proxy BIN|proxy-sockets BIN latency N | flood N "
        "RATE STALL\n",
        stderr);
    return 2;
  }
  UinputSink source = make(near_name);
  const Way way = proxy ? start_proxy(bin, join, words[0] == "flood") : start_plain(join);
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
