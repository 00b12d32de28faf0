// SPDX-License-Identifier: GPL-2.0-or-later
// One snapshot: its store, the medium it is filled from, and those who read it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <list>
#include <memory>
#include <string>

#include "base/io/log.hpp"
#include "block-proxy/snapshot/server/io/filler.hpp"
#include "block-proxy/snapshot/server/io/reader.hpp"
#include "block-proxy/snapshot/server/io/server_options.hpp"

namespace blockproxy::snapshot {

// What a medium is there for.
struct MediumWish {
  Background background = Background::none;
  AtEnd at_end = AtEnd::stay_open;
};

struct ReaderWish {
  nbd::Access access = nbd::Access::read_only;
  Margin margin = Margin::none;
};

// Nothing of it is called from within its own callbacks but what only looks.
class Server {
 public:
  static constexpr std::size_t max_readers = 16;
  using OnEnd = std::function<void(const std::string& why)>;

  Server(boost::asio::io_context& io, const ServerOptions& options, const base::io::Log& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The snapshot, if it was made before.
  base::Status open();
  // nullptr: there is none, or it was dropped.
  const std::shared_ptr<Store>& store() const { return store_; }
  // Runs after blocks came, the medium went, a reader went, or all is complete.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  // Shakes hands with the medium's server (at most 15 s, everybody waits), and makes the snapshot
  // if there is none. One at a time. `on_end` runs once, with the reason.
  base::Status attach(base::io::Fd stream, const MediumWish& wish, OnEnd on_end);
  bool has_medium() const { return filler_ != nullptr; }
  void let_go(const std::string& why);
  // The same from the loop, as the filler is not taken away from within a call of its own.
  void let_go_soon(const std::string& why);
  // Has what is missing read, in the background; and seals it then, if that is wanted.
  base::Status complete(AtEnd at_end);
  // All is stored, a sample was read again, and what was to be sealed is.
  bool finished(AtEnd at_end) const;
  // Why the last medium is not there any more.
  const std::string& medium_end() const { return medium_end_; }
  std::uint64_t different() const { return different_; }  // of the sample

  base::Result<std::shared_ptr<Reader>> add_reader(base::io::Fd socket, const ReaderWish& wish,
                                                   OnEnd on_end);
  void remove_reader(const std::shared_ptr<Reader>& reader);
  std::size_t readers() const { return readers_.size(); }
  std::size_t writers() const;
  // Nobody is there: no reader and no medium.
  bool idle() const { return readers_.empty() && !filler_; }

  // Removes the key and all bytes. Only while idle.
  base::Status drop();

 private:
  struct Entry {
    std::shared_ptr<Reader> reader;
    nbd::Access access;
    OnEnd on_end;
  };

  base::Status make_store(const nbd::Offer& medium);
  void serve_store();
  Served& served_to(const ReaderWish& wish);
  base::Status need(const BlockRun& run);
  void reader_ended(const Reader* reader, const std::string& why);
  void progress();
  void whole();
  base::Status seal();
  void tell();

  boost::asio::io_context& io_;
  const ServerOptions& options_;
  const base::io::Log& log_;
  Place place_;
  std::shared_ptr<Store> store_;
  std::unique_ptr<Served> base_;     // what those who only read get
  std::unique_ptr<Served> framed_;   // the same, between margins
  std::unique_ptr<Served> overlay_;  // what the writer gets
  std::shared_ptr<Filler> filler_;
  MediumWish wish_;
  OnEnd on_medium_end_;
  std::string medium_end_;
  std::uint64_t different_ = 0;
  bool sampled_ = false;
  std::list<Entry> readers_;
  std::uint64_t told_tenths_ = 0;
  std::function<void()> changed_;
};

}  // namespace blockproxy::snapshot
