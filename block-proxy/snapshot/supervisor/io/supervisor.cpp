// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/supervisor/io/supervisor.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "base/io/files.hpp"
#include "base/io/refusal.hpp"
#include "base/wire/escape.hpp"

namespace blockproxy::snapshot {
namespace {

namespace json = boost::json;

void answer(const base::io::Fd& asker, const std::string& text) {
  base::io::say_last(asker, std::string_view(text).substr(0, 1024));
}

bool may(const base::io::Peer& peer, Asker asker) {
  switch (asker) {
    case Asker::viewer:
      return peer.right != base::io::PeerRight::none;
    case Asker::person:
      return peer.right == base::io::PeerRight::all;
    case Asker::service:
      return peer.uid == 0 || peer.uid == ::getuid();
  }
  return false;
}

// What the scanner's service needs: the bytes between margins, all of them, and what they are.
bool scanner_may(const Request& request) {
  return request.verb == Verb::show || request.verb == Verb::seal ||
         (request.verb == Verb::reader && request.margin == Margin::zeros);
}

bool usable(const Summary& summary) {
  return summary.header && summary.state != State::damaged && summary.state != State::lost_key;
}

json::object describe_summary(const Summary& summary) {
  json::object out{{"snapshot", base::wire::escape(summary.name, 64)},
                   {"state", describe(summary.state)}};
  if (summary.header) {
    out["size"] = summary.header->geometry.medium_size();
    out["created_ms"] = summary.header->created;
  }
  if (summary.progress.total > 0) {
    out["stored_blocks"] = summary.progress.done;
    out["blocks"] = summary.progress.total;
  }
  if (summary.seal) out["root"] = base::hash::to_hex(summary.seal->root);
  return out;
}

}  // namespace

// One connection until its request has come.
class Supervisor::Asker : public std::enable_shared_from_this<Asker> {
 public:
  Asker(Supervisor& supervisor, base::io::Fd socket, const base::io::Peer& peer)
      : supervisor_(supervisor),
        readable_(supervisor.io_, ::dup(socket.get())),
        socket_(std::move(socket)),
        timer_(supervisor.io_),
        peer_(peer) {
    ++supervisor_.askers_;
  }
  ~Asker() { --supervisor_.askers_; }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void start() {
    timer_.expires_after(request_limit);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      boost::system::error_code ignored;
      if (!error && self) self->readable_.close(ignored);
    });
    readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error) self->receive();
                         });
  }

 private:
  void receive() {
    timer_.cancel();
    auto message = base::io::receive_message(socket_, max_request);
    if (!message || message->data.empty()) return;
    supervisor_.take(peer_, std::move(socket_), *std::move(message));
  }

  Supervisor& supervisor_;
  boost::asio::posix::stream_descriptor readable_;
  base::io::Fd socket_;
  boost::asio::steady_timer timer_;
  base::io::Peer peer_;
};

Supervisor::Supervisor(boost::asio::io_context& io, base::io::Fd listening,
                       SupervisorOptions options, const base::io::Log& log)
    : io_(io),
      listening_(io, listening.release()),
      options_(std::move(options)),
      paths_(options_.root),
      groups_(base::io::find_right_groups()),
      log_(log) {}

base::Status Supervisor::start() {
  if (auto told = tell_inventory(); !told) return told;
  wait();
  return base::Ok{};
}

void Supervisor::wait() {
  listening_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) {
                          if (error) return;
                          accept();
                          wait();
                        });
}

void Supervisor::accept() {
  base::io::Fd asker(
      ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!asker) return;
  const base::io::Peer peer = base::io::peer_of(asker, groups_);
  if (peer.right == base::io::PeerRight::none && peer.uid != options_.scanner) {
    return answer(asker, "failed you may not: be in group sallyport, or sallyport-view to look");
  }
  if (askers_ >= max_askers) return answer(asker, "failed too many ask at once; try again");
  std::make_shared<Asker>(*this, std::move(asker), peer)->start();
}

void Supervisor::take(const base::io::Peer& peer, base::io::Fd asker, base::io::Message message) {
  const auto request = parse_request(base::wire::as_text(message.data));
  if (!request) return answer(asker, "failed " + request.error().text);
  const bool scanner = peer.uid == options_.scanner && scanner_may(*request);
  if (!scanner && !may(peer, who_may(request->verb))) {
    return answer(asker, "failed you may not " + std::string(name_of(request->verb)) +
                             " snapshots: be in group sallyport");
  }
  if (message.fds.size() != descriptors_of(request->verb)) {
    return answer(asker, "failed " + std::string(name_of(request->verb)) + " comes with " +
                             std::to_string(descriptors_of(request->verb)) + " descriptors");
  }
  if (request->verb == Verb::list) {
    const auto written = write_list(message.fds[0]);
    return answer(asker, written ? "done " : "failed " + written.error().text);
  }
  route({.request = *request, .asker = std::move(asker), .fds = std::move(message.fds)});
}

void Supervisor::route(Open open) {
  const auto found = keepers_.find(open.request.name);
  const auto keeper = found != keepers_.end() ? base::Result<std::shared_ptr<Keeper>>(found->second)
                                              : start_keeper(open.request);
  if (!keeper) return answer(open.asker, "failed " + keeper.error().text);
  if ((*keeper)->closing()) return hold(std::move(open));
  std::vector<const base::io::Fd*> fds{&open.asker};
  for (const base::io::Fd& each : open.fds) fds.push_back(&each);
  const auto sent = (*keeper)->hand_over(format_request(open.request), fds);
  if (!sent) answer(open.asker, "failed " + sent.error().text);
}

void Supervisor::hold(Open open) {
  const std::string name = open.request.name;
  auto [held, fresh] =
      held_.try_emplace(name, Held{.requests = {}, .limit = boost::asio::steady_timer(io_)});
  if (fresh) {
    held->second.limit.expires_after(ending_limit);
    held->second.limit.async_wait([this, name](const boost::system::error_code& error) {
      if (error) return;
      for (const Open& each : held_for(name)) {
        answer(each.asker, "failed the process that had the snapshot does not end; ask again");
      }
    });
  }
  if (held->second.requests.size() >= max_held) {
    return answer(open.asker, "failed too many ask at once; try again");
  }
  held->second.requests.push_back(std::move(open));
}

std::vector<Supervisor::Open> Supervisor::held_for(const std::string& name) {
  auto taken = held_.extract(name);
  return taken.empty() ? std::vector<Open>() : std::move(taken.mapped().requests);
}

base::Result<std::shared_ptr<Keeper>> Supervisor::start_keeper(const Request& request) {
  const std::string& name = request.name;
  const auto all = snapshots();
  if (!all) return base::Unexpected{all.error()};
  const auto there = std::ranges::find(*all, name, &Summary::name);
  std::uint64_t quota = 0;
  if (there != all->end() && there->header) {
    quota = share_of(there->header->geometry.medium_size(), options_.limits);
  } else if (request.verb == Verb::medium) {
    if (all->size() >= max_snapshots) {
      return base::fail("there are " + std::to_string(max_snapshots) +
                        " snapshots, and more are not kept; drop one");
    }
    std::vector<std::uint64_t> sizes;
    for (const Summary& each : *all) {
      if (each.header) sizes.push_back(each.header->geometry.medium_size());
    }
    quota = share_left(sizes, options_.limits);
    if (quota == 0) return base::fail("the store is full; drop a snapshot");
  } else if (there == all->end() || request.verb != Verb::drop) {
    return base::fail("there is no snapshot " + name);
  }
  if (keepers_.size() >= max_keepers) {
    return base::fail("more than " + std::to_string(max_keepers) +
                      " snapshots are in use; detach some");
  }
  auto keeper = Keeper::start(io_, options_.program, options_.root, name, quota);
  if (!keeper) return keeper;
  keepers_[name] = *keeper;
  (*keeper)->watch({.changed =
                        [this] {
                          if (auto told = tell_inventory(); !told) {
                            log_.error("inventory", {{"reason", told.error().text}});
                          }
                        },
                    .ended = [this, name, each = keeper->get()](
                                 const std::string& how) { keeper_ended(name, each, how); }});
  return keeper;
}

void Supervisor::keeper_ended(const std::string& name, const Keeper* keeper,
                              const std::string& how) {
  if (!how.empty()) log_.error("snapshot_process", {{"snapshot", name}, {"reason", how}});
  const auto found = keepers_.find(name);
  if (found != keepers_.end() && found->second.get() == keeper) keepers_.erase(found);
  // What was dropped, or never came to be, leaves empty folders; others are not removed by this.
  ::rmdir((paths_.snapshots() / name).c_str());
  ::rmdir((paths_.snapshot_keys() / name).c_str());
  if (auto told = tell_inventory(); !told) log_.error("inventory", {{"reason", told.error().text}});
  for (Open& each : held_for(name)) route(std::move(each));
}

base::Result<std::vector<Summary>> Supervisor::snapshots() const {
  return list(paths_.snapshots(), paths_.snapshot_keys());
}

base::Status Supervisor::write_list(const base::io::Fd& out) const {
  const auto all = snapshots();
  if (!all) return base::Unexpected{all.error()};
  json::array listed;
  for (const Summary& each : *all) {
    json::object one = describe_summary(each);
    one["in_use"] = keepers_.contains(each.name);
    listed.push_back(std::move(one));
  }
  return base::io::write_all(out, json::serialize(listed) + "\n");
}

// Nothing in a line changes while a snapshot lives: a device that changes is another device.
base::Status Supervisor::tell_inventory() const {
  const auto all = snapshots();
  if (!all) return base::Unexpected{all.error()};
  std::string text;
  for (const Summary& each : *all) {
    if (!usable(each) || !valid_request_name(each.name)) continue;
    const Geometry& geometry = each.header->geometry;
    if (geometry.medium_size() == 0) continue;
    text += "block=" + each.name + " size=" + std::to_string(geometry.medium_size()) +
            " sector=" + std::to_string(geometry.sector_size()) +
            " model=snapshot serial=" + base::hash::to_hex(each.header->id) + "\n";
  }
  return base::io::write_file_atomically(paths_.snapshot_run() / "devices", text, 0600);
}

}  // namespace blockproxy::snapshot
