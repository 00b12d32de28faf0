// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-snapshots: takes requests for all snapshots of this machine and hands each to the
// process of its snapshot, which it starts when it is needed.
//
// It never reads a medium's byte, and of a snapshot only its header and its seal. What it tells
// the qube's agent is a file of block devices (agent/inventory_file.hpp).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/io/log.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/paths.hpp"
#include "base/io/peer_rights.hpp"
#include "block-proxy/snapshot/io/list.hpp"
#include "block-proxy/snapshot/request.hpp"
#include "block-proxy/snapshot/supervisor/io/keeper.hpp"
#include "block-proxy/snapshot/supervisor/io/options.hpp"

namespace blockproxy::snapshot {

class Supervisor {
 public:
  static constexpr std::size_t max_keepers = 32;
  static constexpr std::size_t max_snapshots = 64;  // as many devices as dom0 takes of a qube
  static constexpr std::size_t max_askers = 64;     // whose request has not come yet
  static constexpr std::chrono::seconds request_limit{10};
  static constexpr std::size_t max_held = 16;  // for a snapshot whose process is ending
  static constexpr std::chrono::seconds ending_limit{10};

  Supervisor(boost::asio::io_context& io, base::io::Fd listening, SupervisorOptions options,
             const base::io::Log& log);
  base::Status start();

 private:
  class Asker;
  // A request that nobody has got yet.
  struct Open {
    Request request;
    base::io::Fd asker;
    std::vector<base::io::Fd> fds;
  };
  // Those for a snapshot whose process is ending: the next one has to wait for its lock.
  struct Held {
    std::vector<Open> requests;
    boost::asio::steady_timer limit;
  };

  void wait();
  void accept();
  void take(const base::io::Peer& peer, base::io::Fd asker, base::io::Message message);
  void route(Open open);
  void hold(Open open);
  // Takes them away from `held_`.
  std::vector<Open> held_for(const std::string& name);
  base::Result<std::shared_ptr<Keeper>> start_keeper(const Request& request);
  void keeper_ended(const std::string& name, const Keeper* keeper, const std::string& how);
  base::Status write_list(const base::io::Fd& out) const;
  base::Result<std::vector<Summary>> snapshots() const;
  base::Status tell_inventory() const;

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor listening_;
  SupervisorOptions options_;
  base::io::Paths paths_;
  base::io::RightGroups groups_;
  const base::io::Log& log_;
  std::map<std::string, std::shared_ptr<Keeper>> keepers_;
  std::map<std::string, Held> held_;
  std::size_t askers_ = 0;
};

// Until SIGTERM. The exit code.
int run_supervisor(const SupervisorOptions& options);

}  // namespace blockproxy::snapshot
