// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/input_watch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "base/io/device_events.hpp"
#include "input-proxy/io/node_scan.hpp"
#include "input-proxy/io/sender_process.hpp"

namespace inputproxy::io {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// dom0 should hear of the USB device first.
constexpr milliseconds debounce{300};
// The other nodes of a device come after the one that its question is asked about.
constexpr milliseconds step{200};
constexpr seconds good_run{60};
// What the exit code of a call says that was not accepted (agent/control.hpp).
constexpr int exit_refused = 126;
constexpr int exit_unasked = 124;

// 1, 2, 4, ... s, and no longer than `longest`.
seconds pause_after(int tries, seconds longest) {
  return std::min(longest, seconds(1U << static_cast<unsigned>(std::min(tries, 10))));
}

}  // namespace

class InputWatch::State : public std::enable_shared_from_this<State> {
 public:
  State(boost::asio::io_context& io, WatchOptions options, const base::io::Log& log)
      : io_(io), options_(std::move(options)), log_(log) {}

  base::Status start();
  void stop();

 private:
  struct Forwarding {
    DeviceNode node;
    NodeKind kind = NodeKind::mouse;
    std::string service;
    bool fallback = false;
    int tries = 0;
    int unasked = 0;  // times in a row that nobody was there to be asked
    Clock::time_point started = {};
    std::unique_ptr<boost::asio::steady_timer> timer;
    std::shared_ptr<SenderProcess> process;
  };

  void look();
  bool switched_on(const char* name) const;
  bool wanted(const DeviceNode& node) const;
  void start_in(std::uint32_t event, milliseconds delay);
  void run(std::uint32_t event);
  void exited(std::uint32_t event, int exit_code);

  boost::asio::io_context& io_;
  WatchOptions options_;
  const base::io::Log& log_;
  std::optional<base::io::DeviceEvents> events_;
  std::map<std::uint32_t, Forwarding> forwardings_;
};

base::Status InputWatch::State::start() {
  events_.emplace(io_, debounce, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
  return events_->start("input", base::io::DeviceEvents::Source::udevd);
}

void InputWatch::State::stop() {
  events_.reset();
  forwardings_.clear();
}

bool InputWatch::State::switched_on(const char* name) const {
  std::error_code error;
  return std::filesystem::exists(options_.switches / name, error);
}

bool InputWatch::State::wanted(const DeviceNode& node) const {
  if (options_.only_phys.empty()) return true;
  for (const std::string& prefix : options_.only_phys) {
    if (node.phys.starts_with(prefix)) return true;
  }
  return false;
}

void InputWatch::State::look() {
  auto present = scan_nodes(options_.sysfs, events_->context());
  const bool tell_port = !switched_on("input-proxy-exclude-port");
  const bool tell_serial = !switched_on("input-proxy-exclude-serial");
  for (auto& [event, node] : present) {
    node.tell_port = tell_port;
    node.tell_serial = tell_serial;
  }
  std::erase_if(forwardings_, [&present](const auto& entry) {
    const auto found = present.find(entry.first);
    // The number may have gone to another device meanwhile.
    return found == present.end() || device_key(found->second) != device_key(entry.second.node);
  });
  for (auto& [event, node] : present) {
    const auto kind = kind_of(node);
    if (!kind || forwardings_.contains(event) || !wanted(node)) continue;
    log_.info("input_device", {{"event", std::to_string(event)}, {"device", device_key(node)}});
    Forwarding& made = forwardings_[event];
    made.kind = *kind;
    made.service = service_of(node, *kind);
    const int order = order_of(node, *kind);
    made.node = std::move(node);
    start_in(event, step * order);
  }
}

void InputWatch::State::start_in(std::uint32_t event, milliseconds delay) {
  Forwarding& forwarding = forwardings_.at(event);
  forwarding.timer = std::make_unique<boost::asio::steady_timer>(io_, delay);
  forwarding.timer->async_wait(
      [self = shared_from_this(), event](const boost::system::error_code& error) {
        if (!error && self->forwardings_.contains(event)) self->run(event);
      });
}

void InputWatch::State::run(std::uint32_t event) {
  Forwarding& forwarding = forwardings_.at(event);
  std::vector<std::string> command{options_.call,   "--socket",         options_.agent_socket,
                                   options_.target, forwarding.service, options_.sender};
  if (options_.devices_socket.empty()) {
    command.push_back("/dev/input/event" + std::to_string(event));
  } else {
    for (const std::string& word : {std::string("--event"), std::to_string(event),
                                    std::string("--devices-socket"), options_.devices_socket}) {
      command.push_back(word);
    }
  }
  forwarding.started = Clock::now();
  auto process = SenderProcess::start(
      io_, std::move(command),
      [self = shared_from_this(), event](int exit_code) { self->exited(event, exit_code); });
  if (process) {
    forwarding.process = *std::move(process);
  } else {
    log_.error("input_call_failed", {{"reason", process.error().text}});
  }
}

void InputWatch::State::exited(std::uint32_t event, int exit_code) {
  const auto found = forwardings_.find(event);
  if (found == forwardings_.end()) return;
  Forwarding& forwarding = found->second;
  log_.info("input_call_ended",
            {{"service", forwarding.service}, {"code", std::to_string(exit_code)}});
  if (exit_code == exit_unasked) {
    // Until somebody logs in; that may take a night.
    return start_in(event, pause_after(forwarding.unasked++, longest_unasked));
  }
  forwarding.unasked = 0;
  if (exit_code == exit_refused) {
    const bool has_mouse = forwarding.kind == NodeKind::keyboard_mouse;
    if (!has_mouse || std::exchange(forwarding.fallback, true)) return;
    forwarding.service = fallback_of(forwarding.node);
    return start_in(event, milliseconds(0));
  }
  if (Clock::now() - forwarding.started > good_run) forwarding.tries = 0;
  if (forwarding.tries >= max_tries) return;
  // A device that is gone is found so by then.
  start_in(event, pause_after(forwarding.tries++, longest_pause));
}

InputWatch::InputWatch(boost::asio::io_context& io, WatchOptions options, const base::io::Log& log)
    : state_(std::make_shared<State>(io, std::move(options), log)) {}

InputWatch::~InputWatch() { state_->stop(); }

base::Status InputWatch::start() { return state_->start(); }

}  // namespace inputproxy::io
