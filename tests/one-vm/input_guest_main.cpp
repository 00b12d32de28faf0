// SPDX-License-Identifier: GPL-2.0-or-later
// input_guest: plays input devices in a machine, and reads what the kernel says of others.
//
//   input_guest kinds                      the names of all kinds
//   input_guest device KIND PORT           makes one, "plugged in" at usb-test-PORT; then reads
//   lines
//                                          "MILLISECONDS TYPE CODE VALUE" and plays them; Ctrl-D
//                                          ends. Prints "light CODE VALUE" for what its kernel
//                                          wants
//   input_guest describe NAME              what the device can do, as a greeting in hex, without
//                                          its name and its axes' values
//   input_guest read NAME SECONDS          takes the device whose name begins so, prints "ready",
//   then
//                                          "TYPE CODE VALUE" lines, until nothing comes for SECONDS
//   input_guest lights NAME CODE VALUE     sets a light of a device
#include <dirent.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include "input-proxy/io/evdev_source.hpp"
#include "input-proxy/io/uinput_sink.hpp"
#include "tests/one-vm/input_devices.hpp"

namespace {

using base::io::Fd;
using inputproxy::Event;

int complain(const std::string& what) {
  std::cerr << "input_guest: " << what << '\n';
  return EXIT_FAILURE;
}

// The newest device whose name begins with `name`.
Fd open_named(const std::string& name) {
  Fd found;
  for (int number = 0; number < 256; ++number) {
    const std::string path = "/dev/input/event" + std::to_string(number);
    Fd device(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 256> text{};
    if (!device || ::ioctl(device.get(), EVIOCGNAME(text.size() - 1), text.data()) < 0) continue;
    if (std::string_view(text.data()).starts_with(name)) found = std::move(device);
  }
  return found;
}

void tell_lights(inputproxy::io::UinputSink& sink) {
  std::array<Event, 16> feedback;
  const auto count = sink.read(feedback);
  for (std::size_t i = 0; count && i < *count; ++i) {
    const Event& event = feedback.at(i);
    if (event.type == EV_LED) std::cout << "light " << event.code << ' ' << event.value << '\n';
  }
  std::cout.flush();
}

bool play_line(const std::string& line, inputproxy::io::UinputSink& sink) {
  std::istringstream words(line);
  long wait = 0;
  Event event;
  if (!(words >> wait >> event.type >> event.code >> event.value)) return false;
  if (wait > 0) std::this_thread::sleep_for(std::chrono::milliseconds(wait));
  return sink.write({&event, 1}).has_value();
}

int play_lines(inputproxy::io::UinputSink& sink) {
  std::string waiting;
  for (;;) {
    std::array<pollfd, 2> both{{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                {.fd = sink.fd(), .events = POLLIN, .revents = 0}}};
    if (::poll(both.data(), both.size(), -1) < 0) return complain("poll");
    if (both[1].revents != 0) tell_lights(sink);
    if (both[0].revents == 0) continue;
    std::array<char, 4096> chunk{};
    const ssize_t size = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (size <= 0) return EXIT_SUCCESS;
    waiting.append(chunk.data(), static_cast<std::size_t>(size));
    for (auto end = waiting.find('\n'); end != std::string::npos; end = waiting.find('\n')) {
      const std::string line = waiting.substr(0, end);
      waiting.erase(0, end + 1);
      if (!play_line(line, sink)) return complain("cannot play: " + line);
    }
  }
}

int make_device(const std::string& name, const std::string& port) {
  for (const auto& kind : onevm::input_kinds()) {
    if (kind.name != name) continue;
    auto sink = inputproxy::io::UinputSink::make(
        Fd(::open("/dev/uinput", O_RDWR | O_CLOEXEC | O_NONBLOCK)), kind.device,
        {.name = "Test " + name,
         .phys = "usb-test-" + port + "/input0",
         .vendor = 0x1209,
         .product = 1});
    if (!sink) return complain(sink.error().text);
    std::cout << "made" << std::endl;
    return play_lines(*sink);
  }
  return complain("no such kind: " + name);
}

int describe(const std::string& name) {
  Fd device = open_named(name);
  if (!device) return complain("no device is named " + name);
  const auto source = inputproxy::io::EvdevSource::take(std::move(device));
  if (!source) return complain(source.error().text);
  std::cout << onevm::greeting_in_hex(source->capabilities()) << std::endl;
  return EXIT_SUCCESS;
}

int read_device(const std::string& name, double seconds) {
  Fd device = open_named(name);
  if (!device) return complain("no device is named " + name);
  auto source = inputproxy::io::EvdevSource::take(std::move(device));
  if (!source) return complain(source.error().text);
  std::cout << "ready" << std::endl;
  std::array<Event, 64> events;
  for (;;) {
    pollfd one{.fd = source->fd(), .events = POLLIN, .revents = 0};
    if (::poll(&one, 1, static_cast<int>(seconds * 1000)) <= 0) return EXIT_SUCCESS;
    const auto count = source->read(events);
    if (!count) {
      std::cout << "gone" << std::endl;
      return EXIT_SUCCESS;
    }
    for (std::size_t i = 0; i < *count; ++i) {
      const Event& event = events.at(i);
      std::cout << event.type << ' ' << event.code << ' ' << event.value << '\n';
    }
    std::cout.flush();
  }
}

int set_light(const std::string& name, int code, int value) {
  const Fd device = open_named(name);
  if (!device) return complain("no device is named " + name);
  std::array<input_event, 2> events{};
  events[0].type = EV_LED;
  events[0].code = static_cast<std::uint16_t>(code);
  events[0].value = value;
  return ::write(device.get(), events.data(), sizeof(events)) == sizeof(events) ? 0
                                                                                : complain("write");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "kinds") {
    for (const auto& kind : onevm::input_kinds()) std::cout << kind.name << '\n';
    return EXIT_SUCCESS;
  }
  if (mode == "device" && argc == 4) return make_device(argv[2], argv[3]);
  if (mode == "describe" && argc == 3) return describe(argv[2]);
  if (mode == "read" && argc == 4) return read_device(argv[2], std::strtod(argv[3], nullptr));
  if (mode == "lights" && argc == 5)
    return set_light(argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  return complain(
      "usage: kinds | device KIND PORT | describe NAME | read NAME SECONDS | "
      "lights NAME CODE VALUE");
}
