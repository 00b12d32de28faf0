// SPDX-License-Identifier: GPL-2.0-or-later
// The watcher: events say when to look, the scan what is there, the rules what of it is told.
#include "sys-usb/io/block_watcher.hpp"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "base/io/device_events.hpp"
#include "base/io/fd.hpp"
#include "sys-usb/io/block_scan.hpp"
#include "sys-usb/io/usb_sysfs.hpp"

namespace sysusb {
namespace {

constexpr std::chrono::milliseconds block_debounce{50};
constexpr std::chrono::milliseconds block_retry{100};
// Then the first list is called whole; udevd's own event brings what it had not looked at.
constexpr int max_block_tries = 50;

}  // namespace

class BlockWatcher::State : public std::enable_shared_from_this<State> {
 public:
  State(boost::asio::io_context& io, Handlers handlers)
      : io_(io), handlers_(std::move(handlers)), mounts_(io), swaps_(io) {}

  base::Status start();
  void stop();
  void set_attached(std::set<std::string> port_ids);

 private:
  using File = boost::asio::posix::stream_descriptor;
  struct Seen {
    BlockRecord record;
    std::string folder;
    std::uint64_t diskseq = 0;
  };
  using SeenDevices = std::map<std::string, Seen>;

  base::Status open_table(File& table, const char* path);
  void wait_for_change(File& table);
  void look();
  SeenDevices exposed(const std::vector<BlockFacts>& facts);
  void tell_hidden(std::map<std::string, Hidden> hidden);
  void forget_missing(const SeenDevices& present);
  void report(const SeenDevices& present);

  boost::asio::io_context& io_;
  Handlers handlers_;
  std::optional<base::io::DeviceEvents> events_;
  BlockSources sources_;
  File mounts_;
  File swaps_;
  std::set<std::string> attached_;
  SeenDevices known_;
  std::map<std::string, Hidden> hidden_;
  std::string problem_;
  int tries_ = 0;
  bool unsettled_ = false;  // udevd has not looked at a device yet
  bool stopped_ = false;
};

base::Status BlockWatcher::State::start() {
  events_.emplace(io_, block_debounce, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
  // Before the first look, so that no change is lost.
  if (auto opened = open_table(mounts_, sources_.mountinfo.c_str()); !opened) return opened;
  // A kernel without swap has no such file.
  static_cast<void>(open_table(swaps_, sources_.swaps.c_str()));
  if (auto started = events_->start("block", base::io::DeviceEvents::Source::udevd); !started)
    return started;
  sources_.udev = udev_database(events_->context());
  return base::Ok{};
}

void BlockWatcher::State::stop() {
  stopped_ = true;
  events_.reset();
  boost::system::error_code ignored;
  mounts_.close(ignored);
  swaps_.close(ignored);
}

void BlockWatcher::State::set_attached(std::set<std::string> port_ids) {
  if (attached_ == port_ids) return;
  attached_ = std::move(port_ids);
  if (events_ && events_->context() != nullptr) events_->look_in(std::chrono::milliseconds{0});
}

base::Status BlockWatcher::State::open_table(File& table, const char* path) {
  base::io::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return base::io::fail_errno("open " + std::string(path));
  boost::system::error_code error;
  table.assign(fd.get(), error);
  if (error) return base::fail("watch " + std::string(path) + ": " + error.message());
  static_cast<void>(fd.release());
  wait_for_change(table);
  return base::Ok{};
}

// Both files report a change as POLLERR and POLLPRI (proc_pid_mounts(5)); asking takes it back.
void BlockWatcher::State::wait_for_change(File& table) {
  table.async_wait(File::wait_error,
                   [self = shared_from_this(), &table](const boost::system::error_code& error) {
                     if (error || self->stopped_) return;
                     self->events_->look_in(block_debounce);
                     self->wait_for_change(table);
                   });
}

void BlockWatcher::State::look() {
  const auto facts = scan_block_devices(sources_);
  const std::string problem = facts ? std::string() : facts.error().text;
  if (problem != std::exchange(problem_, problem) && !problem.empty() && handlers_.blind)
    handlers_.blind(problem);
  // What cannot be known is not exposed.
  const SeenDevices present = exposed(facts ? *facts : std::vector<BlockFacts>{});
  if (stopped_) return;
  forget_missing(present);
  report(present);
  if (stopped_) return;
  const bool again = (unsettled_ || !problem.empty()) && ++tries_ <= max_block_tries;
  if (again) return events_->look_in(block_retry);
  tries_ = 0;
  if (auto complete = std::exchange(handlers_.complete, nullptr)) complete();
}

// A qube has as many places at dom0: what comes first by name is told.
BlockWatcher::State::SeenDevices BlockWatcher::State::exposed(
    const std::vector<BlockFacts>& facts) {
  SeenDevices present;
  std::map<std::string, Hidden> hidden;
  unsettled_ = false;
  const auto reasons = hidden_reasons(facts, attached_);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const BlockFacts& each = facts[i];
    if (reasons[i]) {
      hidden.emplace(each.name, *reasons[i]);
      unsettled_ = unsettled_ || *reasons[i] == Hidden::not_looked_at;
    } else if (present.size() < max_devices) {
      BlockRecord record = record_of(each);
      const std::string port_id = record.port_id;
      present.emplace(
          port_id,
          Seen{.record = std::move(record), .folder = each.folder, .diskseq = each.diskseq});
    }
  }
  tell_hidden(std::move(hidden));
  return present;
}

void BlockWatcher::State::tell_hidden(std::map<std::string, Hidden> hidden) {
  const auto before = std::exchange(hidden_, std::move(hidden));
  if (!handlers_.hidden) return;
  for (const auto& [name, reason] : std::map(hidden_)) {
    const auto old = before.find(name);
    if (old != before.end() && old->second == reason) continue;
    handlers_.hidden(name, reason);
    if (stopped_) return;
  }
}

void BlockWatcher::State::forget_missing(const SeenDevices& present) {
  std::vector<std::string> gone;
  for (const auto& [port_id, seen] : known_) {
    const auto now = present.find(port_id);
    if (now == present.end() || now->second.folder != seen.folder) gone.push_back(port_id);
  }
  for (const std::string& port_id : gone) {
    if (stopped_) return;
    known_.erase(port_id);
    handlers_.removed(port_id);
  }
}

void BlockWatcher::State::report(const SeenDevices& present) {
  for (const auto& [port_id, seen] : present) {
    if (stopped_) return;
    const auto known = known_.find(port_id);
    if (known == known_.end()) {
      known_.emplace(port_id, seen);
      handlers_.added(seen.record);
    } else if (known->second.record != seen.record || known->second.diskseq != seen.diskseq) {
      known->second = seen;
      handlers_.changed(seen.record);
    }
  }
}

BlockWatcher::BlockWatcher(boost::asio::io_context& io, Handlers handlers)
    : state_(std::make_shared<State>(io, std::move(handlers))) {}

BlockWatcher::~BlockWatcher() { state_->stop(); }

base::Status BlockWatcher::start() { return state_->start(); }

void BlockWatcher::set_attached(std::set<std::string> port_ids) {
  state_->set_attached(std::move(port_ids));
}

}  // namespace sysusb
