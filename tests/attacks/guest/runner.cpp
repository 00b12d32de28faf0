// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/guest/runner.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/io/files.hpp"
#include "tests/attacks/emulator/honest.hpp"
#include "tests/attacks/guest/kernel_log.hpp"

namespace attacks {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr unsigned attack_port = 0;
// A device is done with when nothing has been said for so long, or after the limit.
constexpr auto quiet = 300ms;
constexpr auto longest = 2500ms;
// One that the target's kernel makes no device of; a loaded machine is slow.
constexpr auto unknown_limit = 10s;
constexpr auto look_pause = 100ms;
constexpr auto introduction_limit = 17s;
constexpr auto settle_limit = 8s;
constexpr std::size_t kept_log_lines = 12;

// What is compared before and after.
struct Before {
  std::set<std::filesystem::path> source = devices_on(source_controller);
  std::set<std::filesystem::path> target = devices_on(target_controller);
  unsigned ports = ports_in_use();
};

class Run {
 public:
  Run(const Attack& attack, Way way, const Places& places)
      : attack_(attack), way_(way), places_(places), chain_(places) {}

  Report operator()() {
    const auto begun = steady_clock::now();
    auto opened = KernelLog::open();
    if (!opened) return failed(opened.error().text);
    log_ = std::move(*opened);
    const Device device = attack_.device();
    auto started = start(device);
    if (!started) return failed(started.error().text);
    if (*started) {
      if (attack_.kind == Class::target) {
        ask_backend();
      } else {
        watch();
      }
    } else {
      report_.outcome = Outcome::not_enumerated;
    }
    note_source();
    report_.left = chain_.end();
    settle();
    report_.honest = look_at_honest(places_);
    log_->read();
    tell(*log_);
    report_.milliseconds =
        std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun).count();
    return report_;
  }

 private:
  Report failed(const std::string& text) {
    chain_.end();
    report_.error = text;
    return report_;
  }

  // False: no device for a backend.
  base::Result<bool> start(const Device& device) {
    if (way_ == Way::plugged) {
      const auto plugged = chain_.plug(device, attack_port);
      if (!plugged || !*plugged) return plugged;
      note_source();
      if (auto done = chain_.start_backend(attack_.options); !done) {
        // It may have left in the meantime.
        if (!std::filesystem::exists(chain_.source_device())) return false;
        return base::Unexpected{done.error()};
      }
    } else if (auto done = way_ == Way::usbip ? chain_.start_usbip(device)
                                              : chain_.start_hostile(device, attack_.lies);
               !done) {
      return base::Unexpected{done.error()};
    }
    if (attack_.kind == Class::target) return true;
    std::string identity = attack_.approved;
    if (identity.empty()) identity = approval_of(device);
    if (auto done = chain_.start_frontend(identity, attack_.options); !done) {
      return base::Unexpected{done.error()};
    }
    return true;
  }

  void watch() {
    const auto begun = steady_clock::now();
    auto look_again = begun;
    std::optional<steady_clock::time_point> attached_at, known_at;
    for (bool open = true;;) {
      if (open) open = chain_.turn(20ms);
      if (!attached_at && chain_.attached()) attached_at = steady_clock::now();
      if (steady_clock::now() >= look_again) {
        note_drivers();
        if (attached_at && !known_at && (target_has_it() || target_gave_up()))
          known_at = steady_clock::now();
        look_again = steady_clock::now() + look_pause;
      }
      if (chain_.frontend_ended()) return concluded(chain_.attached());
      if (!open) ::poll(nullptr, 0, 5);
      const auto now = steady_clock::now();
      if (!attached_at) {
        if (now - begun > introduction_limit) return concluded(false);
        continue;
      }
      // The frontend answers much by itself, so silence on the stream does not mean that the
      // target's kernel is done.
      const bool silent =
          known_at && now - chain_.relay().last_bytes() > quiet && now - *known_at > quiet;
      const bool enough = now - *attached_at >= attack_.run_for;
      const auto limit =
          std::max<milliseconds>(known_at ? longest : unknown_limit, attack_.run_for);
      if (enough && (silent || now - known_at.value_or(*attached_at) > limit))
        return concluded(true);
    }
  }

  void concluded(bool attached) {
    note_drivers();
    report_.frontend = chain_.frontend_words();
    report_.outcome = attached ? Outcome::attached : Outcome::refused;
    if (!attached || !chain_.frontend_ended()) return;
    report_.outcome = report_.frontend.find("unplugged") != std::string::npos ? Outcome::unplugged
                                                                              : Outcome::ended;
  }

  // In place of a frontend: a target that asks what it should not.
  void ask_backend() {
    base::io::Fd stream = chain_.take_backend_stream();
    (void)base::io::set_nonblocking(stream);
    Memory asked;
    redir::append_hello(asked, redir::cap::frontend);
    asked = std::move(asked) + attack_.requests;
    std::size_t sent = 0;
    auto last = steady_clock::now();
    const auto begun = last;
    std::array<char, 65536> buffer{};
    // Its first words may be long in coming: it opens the device before.
    bool answered = false;
    while (!chain_.backend()->ended() && !(answered && steady_clock::now() - last > quiet) &&
           steady_clock::now() - begun < longest) {
      const bool more = sent < asked.size();
      pollfd one{.fd = stream.get(),
                 .events = static_cast<short>(POLLIN | (more ? POLLOUT : 0)),
                 .revents = 0};
      if (::poll(&one, 1, 20) <= 0) continue;
      if ((one.revents & POLLOUT) != 0) {
        const ssize_t put = ::write(stream.get(), asked.data() + sent, asked.size() - sent);
        if (put > 0) sent += static_cast<std::size_t>(put);
        if (put > 0) last = steady_clock::now();
      }
      if (::read(stream.get(), buffer.data(), buffer.size()) > 0) {
        answered = true;
        last = steady_clock::now();
      }
      if ((one.revents & (POLLHUP | POLLERR)) != 0) ::poll(nullptr, 0, 20);
    }
    // One that has had enough first takes back what it asked of the device.
    const bool gone = chain_.backend()->ended(1s).has_value();
    report_.outcome = gone ? Outcome::rejected : Outcome::attached;
    // One that has ended has given the device back to the drivers of its qube.
    if (!gone) note_source();
    chain_.unplug();
  }

  void note_drivers() {
    for (const auto& device : devices_on(target_controller)) {
      if (before_.target.contains(device)) continue;
      for (const std::string& name : drivers_of(device)) {
        if (std::find(report_.drivers.begin(), report_.drivers.end(), name) ==
            report_.drivers.end())
          report_.drivers.push_back(name);
      }
    }
  }

  // Only by what is in its folder: to read its attributes takes the lock that the kernel holds
  // while it waits for an answer which comes through us.
  bool target_has_it() const {
    const auto devices = devices_on(target_controller);
    return std::any_of(devices.begin(), devices.end(), [this](const auto& device) {
      return !before_.target.contains(device) && !interfaces_of(device).empty();
    });
  }

  bool target_gave_up() {
    log_->read();
    return log_->says("unable to enumerate USB device");
  }

  void note_source() {
    if (way_ != Way::plugged) return;
    for (const std::string& name : drivers_of(chain_.source_device())) {
      if (name != "usbfs") report_.source_driver = name;
    }
  }

  // Until all is as it was, or for so long.
  void settle() {
    const auto deadline = steady_clock::now() + settle_limit;
    for (;;) {
      const Before now;
      const bool same = now.source == before_.source && now.target == before_.target &&
                        now.ports == before_.ports;
      if (same) return;
      if (steady_clock::now() >= deadline) {
        report_.left.push_back("ports in use: " + std::to_string(before_.ports) + ", then " +
                               std::to_string(now.ports));
        return;
      }
      ::poll(nullptr, 0, 20);
    }
  }

  void tell(const KernelLog& log) {
    report_.alarms = log.alarms();
    const auto& lines = log.lines();
    report_.log.assign(
        lines.end() - static_cast<std::ptrdiff_t>(std::min(lines.size(), kept_log_lines)),
        lines.end());
    report_.backend = chain_.backend_words();
    report_.frontend_kib = chain_.frontend_memory_kib();
    report_.backend_kib = chain_.backend_memory_kib();
    report_.taint = taint();
    report_.available_mib = available_memory_mib();
  }

  const Attack& attack_;
  Way way_;
  const Places& places_;
  Before before_;
  Chain chain_;
  std::optional<KernelLog> log_;
  Report report_;
};

}  // namespace

Report run_attack(const Attack& attack, Way way, const Places& places) {
  // Words of an earlier run are not this one's.
  std::error_code ignored;
  for (const char* name : {"backend.log", "frontend.log"})
    std::filesystem::remove(places.logs / name, ignored);
  return Run(attack, way, places)();
}

}  // namespace attacks
