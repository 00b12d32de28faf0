// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/guest/chain.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "base/io/files.hpp"
#include "tests/attacks/emulator/io/usbip_server.hpp"
#include "tests/attacks/guest/kernel_log.hpp"

namespace attacks {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// The hub may still be busy with a device that left while it was asked: it waits 5 s for each
// answer.
constexpr auto enumeration_limit = 12s;
constexpr auto end_limit = 5s;
constexpr int look_ms = 10;
constexpr std::size_t max_log = 65536;

std::string last_line(const std::filesystem::path& file) {
  auto text = base::io::read_file(file, max_log);
  if (!text) return {};
  while (!text->empty() && text->back() == '\n') text->pop_back();
  const auto start = text->rfind('\n');
  return start == std::string::npos ? *text : text->substr(start + 1);
}

// Both programs are told by hand what dom0 would tell them.
std::vector<std::string> with_options(std::vector<std::string> command, const std::string& words) {
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    command.emplace_back("--option");
    command.push_back(word);
  }
  return command;
}

}  // namespace

base::Result<bool> Chain::plug(const Device& device, unsigned port) {
  auto log = KernelLog::open();
  if (!log) return base::Unexpected{log.error()};
  const VhciPort where{.controller = source_controller, .number = port};
  source_ = device_folder(where, device.speed);
  if (source_.empty()) return base::fail("no hub of vhci_hcd for the device");
  auto emulator = Process::fork_to({}, [&] { return serve(device, where) ? 0 : 1; });
  if (!emulator) return base::Unexpected{emulator.error()};
  emulator_ = std::move(*emulator);
  const auto deadline = steady_clock::now() + enumeration_limit;
  while (steady_clock::now() < deadline) {
    if (is_configured(source_)) {
      if (auto done = authorise_interfaces(source_); !done) return false;  // gone again
      return true;
    }
    log->read();
    if (log->says("unable to enumerate USB device") || emulator_->ended()) return false;
    ::poll(nullptr, 0, look_ms);
  }
  return false;
}

base::Status Chain::start_backend(const std::string& options) {
  const base::io::Fd node(::open(node_of(source_).c_str(), O_RDWR | O_CLOEXEC));
  if (!node) return base::io::fail_errno("open the device node in sys-usb");
  auto stream = base::io::stream_pair();
  if (!stream) return base::Unexpected{stream.error()};
  auto started =
      Process::start({.command = with_options({places_.programs / "sallyport-usb-backend",
                                               "--usb-fd", std::to_string(node.get()),
                                               "--stream-fd", std::to_string(stream->second.get())},
                                              options),
                      .kept = {node.get(), stream->second.get()},
                      .log = places_.logs / "backend.log"});
  if (!started) return base::Unexpected{started.error()};
  backend_ = std::move(*started);
  backend_end_ = std::move(stream->first);
  return base::Ok{};
}

base::Status Chain::start_hostile(const Device& device, const std::vector<Lie>& lies) {
  return start_instead(
      [&](base::io::Fd stream) { RedirServer(device, lies, std::move(stream)).run(); });
}

base::Status Chain::start_usbip(const Device& device) {
  usbip_ = true;
  return start_instead([&](base::io::Fd stream) { serve_usbip(device, std::move(stream)); });
}

base::Status Chain::start_instead(const std::function<void(base::io::Fd)>& serve) {
  auto stream = base::io::stream_pair();
  if (!stream) return base::Unexpected{stream.error()};
  auto started = Process::fork_to({stream->second.get()}, [&] {
    base::io::ignore_sigpipe();
    serve(std::move(stream->second));
    return 0;
  });
  if (!started) return base::Unexpected{started.error()};
  backend_ = std::move(*started);
  backend_end_ = std::move(stream->first);
  hostile_ = true;
  return base::Ok{};
}

base::Status Chain::start_frontend(const std::string& identity, const std::string& options) {
  auto stream = base::io::stream_pair();
  auto output = base::io::pipe_pair();
  if (!stream || !output) return base::fail("no socket or pipe for the frontend");
  std::vector<std::string> command{
      places_.programs / "sallyport-usb-frontend", "--direct-vhci", "--stream-fd",
      std::to_string(stream->second.get()),        "--identity",    identity};
  std::vector<int> kept{stream->second.get()};
  if (usbip_) {  // it says "attached" elsewhere
    command.insert(command.end(),
                   {"--usbip", "--attached-fd", std::to_string(output->second.get())});
    kept.push_back(output->second.get());
  }
  auto started = Process::start({.command = with_options(std::move(command), options),
                                 .kept = std::move(kept),
                                 .output = output->second.get(),
                                 .log = places_.logs / "frontend.log"});
  if (!started) return base::Unexpected{started.error()};
  frontend_ = std::move(*started);
  stdout_ = std::move(output->first);
  if (auto set = base::io::set_nonblocking(stdout_); !set) return set;
  relay_.emplace(std::move(backend_end_), std::move(stream->first));
  return base::Ok{};
}

bool Chain::attached() {
  if (attached_ || !stdout_) return attached_;
  std::array<char, 64> text{};
  attached_ = ::read(stdout_.get(), text.data(), text.size()) > 0;
  return attached_;
}

std::optional<Process::Ended> Chain::frontend_ended() {
  const auto ended = frontend_ ? frontend_->ended() : std::nullopt;
  if (ended) frontend_memory_ = ended->memory_kib;
  return ended;
}

void Chain::unplug() {
  if (emulator_) emulator_->kill();
  const auto deadline = steady_clock::now() + end_limit;
  while (!source_.empty() && std::filesystem::exists(source_) && steady_clock::now() < deadline)
    ::poll(nullptr, 0, look_ms);
}

// The stream to the backend is closed only when the device has gone: a backend that ends with the
// device still there gives it to the drivers of the kernel that both sides share.
std::vector<std::string> Chain::end() {
  std::vector<std::string> left;
  if (frontend_) {
    frontend_->terminate();
    const auto deadline = steady_clock::now() + end_limit;
    while (!frontend_ended() && steady_clock::now() < deadline) relay_->turn(10ms);
    if (!frontend_ended()) left.emplace_back("the frontend does not end");
  }
  unplug();
  if (relay_) relay_.reset();
  backend_end_.reset();
  if (backend_) {
    const auto ended = backend_->ended(end_limit);
    if (!ended && !hostile_) left.emplace_back("the backend does not end");
    if (ended) backend_memory_ = ended->memory_kib;
    backend_->kill();
  }
  if (frontend_) frontend_->kill();
  if (!source_.empty() && std::filesystem::exists(source_))
    left.emplace_back("the device stays in sys-usb");
  return left;
}

std::string Chain::frontend_words() const { return last_line(places_.logs / "frontend.log"); }

std::string Chain::backend_words() const {
  return hostile_ ? std::string() : last_line(places_.logs / "backend.log");
}

}  // namespace attacks
