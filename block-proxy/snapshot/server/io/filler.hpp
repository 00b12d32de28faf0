// SPDX-License-Identifier: GPL-2.0-or-later
// Brings blocks from the medium into a store, several at a time: those that readers wait for first,
// and the rest in the background.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "block-proxy/io/nbd_client.hpp"
#include "block-proxy/snapshot/fetch_plan.hpp"
#include "block-proxy/snapshot/fetch_table.hpp"
#include "block-proxy/snapshot/io/store.hpp"
#include "block-proxy/snapshot/server/io/server_options.hpp"

namespace blockproxy::snapshot {

// What it waits for keeps it alive, until stop().
class Filler : public std::enable_shared_from_this<Filler> {
 public:
  static constexpr std::size_t max_runs = 16;  // under way: 16 MiB
  static constexpr std::size_t background_runs = 2;
  struct Events {
    std::function<void()> progress;  // blocks have come, or the filler has failed
    std::function<void()> complete;  // once: nothing is missing and the sample has been read again
  };

  // Borrows the store, which is of this medium. A medium that is silent for `patience` is given up.
  Filler(boost::asio::io_context& io, Store& store, io::NbdClient client,
         std::chrono::seconds patience, Events events);
  ~Filler();
  Filler(const Filler&) = delete;
  Filler& operator=(const Filler&) = delete;

  void start(Background background);
  // From now on all of it is read in the background.
  void complete();
  // Takes its leave of the medium. Nothing is called after this, not from within a callback either.
  void stop();
  // Has all of the run fetched; `progress` tells when to look again. An error: it will not come.
  base::Status need(const BlockRun& run);
  // Why nothing more comes; empty while it does.
  const std::string& failure() const { return failure_; }
  std::uint64_t different() const { return different_; }  // of the sample

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  enum class Use : std::uint8_t { store, compare };
  struct Fetch {
    FetchPlan plan;
    Use use;
    bool answered = false;
    nbd::WireError error = nbd::WireError::none;
    std::vector<std::byte> bytes;
  };

  void begin(const BlockRun& run, Use use);
  bool ask(Fetch& fetch);
  void step();
  base::Status take_answers();
  base::Status finish(const Fetch& fetch);
  void in_background();
  base::Result<bool> next_of_medium();
  base::Result<bool> next_of_sample();
  void send();
  void wait_readable();
  void rearm();
  void fail(const std::string& why);

  Store& store_;
  io::NbdClient client_;
  Descriptor watched_;  // a second descriptor of the client's stream
  boost::asio::steady_timer timer_;
  std::chrono::seconds patience_;
  Events events_;
  Background background_ = Background::none;
  FetchTable table_{max_runs};
  std::list<Fetch> fetches_;
  std::vector<std::vector<std::byte>> spare_;  // buffers of fetches that are over; as many at most
  std::uint64_t next_ = 0;  // in the background: all blocks below are stored or under way
  std::optional<Probe> sample_;
  std::uint64_t different_ = 0;
  bool writing_ = false;
  bool stepping_ = false;
  bool finishing_ = false;  // a fetch is off the list, but its blocks are not in the store yet
  std::string failure_;
};

}  // namespace blockproxy::snapshot
