// SPDX-License-Identifier: GPL-2.0-or-later
// One request of somebody at this snapshot, from its message to its answer.
//
// The asker's socket is SOCK_SEQPACKET; what it gets are messages: "ready", "progress DONE TOTAL",
// and last "done TEXT", "ended REASON" or "failed REASON" (docs/protocol.md 11). One that goes away
// has withdrawn: what its request did so far stays, and a stream that it brought is let go.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "block-proxy/snapshot/request.hpp"
#include "block-proxy/snapshot/server/io/server.hpp"

namespace blockproxy::snapshot {

class Session : public std::enable_shared_from_this<Session> {
 public:
  using OnEnd = std::function<void(const Session*)>;
  // Work that is done in steps: where it stands, until all is done.
  using Step = std::function<base::Result<Progress>()>;

  // `attached`: what came with the request, if anything.
  Session(boost::asio::io_context& io, Server& server, const Request& request, base::io::Fd asker,
          base::io::Fd attached);
  void start(OnEnd on_end);
  // The server's state has changed.
  void look();
  bool dropped() const { return dropped_; }  // the snapshot is no more

 private:
  void watch_asker();
  void begin();
  void begin_file();
  void begin_medium();
  void begin_commit();
  void begin_reader();
  void begin_steps(Step step, std::function<std::string()> outcome);
  void step();
  void finish_or(const base::Status& status, const std::string& text);
  void show_progress(const Progress& progress);
  void say(const std::string& text);
  void end(const std::string& last);
  void fail(const std::string& why) { end("failed " + why); }

  boost::asio::io_context& io_;
  Server& server_;
  Request request_;
  boost::asio::posix::stream_descriptor asker_;
  base::io::Fd attached_;
  OnEnd on_end_;
  Step step_;
  std::function<std::string()> outcome_;
  std::shared_ptr<Reader> reader_;
  bool has_medium_ = false;
  std::uint64_t told_percent_ = 0;
  bool dropped_ = false;
  bool ended_ = false;
};

}  // namespace blockproxy::snapshot
