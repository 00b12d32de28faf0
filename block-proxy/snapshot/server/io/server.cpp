// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/server.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/io/paths.hpp"
#include "block-proxy/io/handshake.hpp"

namespace blockproxy::snapshot {
namespace {

constexpr std::uint32_t large_sector = 4096;

nbd::Export offered(const Geometry& geometry, nbd::Access access) {
  return {.name = {},
          .size = geometry.medium_size(),
          .sector_size = geometry.sector_size(),
          .access = access};
}

Place place_of(const ServerOptions& options) {
  const base::io::Paths paths(options.root);
  return {.folder = paths.snapshots() / options.name,
          .key_file = paths.snapshot_keys() / options.name / "key"};
}

}  // namespace

Server::Server(boost::asio::io_context& io, const ServerOptions& options, const base::io::Log& log)
    : io_(io), options_(options), log_(log), place_(place_of(options)) {}

Server::~Server() {
  if (filler_) filler_->stop();
  for (const Entry& each : readers_) each.reader->stop();
}

base::Status Server::open() {
  if (!has_header(place_)) return base::Ok{};
  auto store = Store::open(place_, {.cache_bytes = options_.cache_bytes, .quota = options_.quota});
  if (!store) return base::Unexpected{store.error()};
  store_ = *std::move(store);
  serve_store();
  return base::Ok{};
}

base::Status Server::make_store(const nbd::Offer& medium) {
  const auto geometry =
      Geometry::make(medium.size, medium.minimum_block < large_sector ? 512 : large_sector);
  if (!geometry) return base::Unexpected{geometry.error()};
  auto store = Store::create(place_, *geometry,
                             {.cache_bytes = options_.cache_bytes, .quota = options_.quota});
  if (!store) return base::Unexpected{store.error()};
  store_ = *std::move(store);
  serve_store();
  return base::Ok{};
}

void Server::serve_store() {
  const auto served = [this](nbd::Access access, Side side, std::uint64_t margin) {
    auto made =
        std::make_unique<Served>(Served{.store = *store_,
                                        .offered = offered(store_->geometry(), access),
                                        .side = side,
                                        .margin = margin,
                                        .need = [this](const auto& run) { return need(run); }});
    made->offered.size += 2 * margin;
    return made;
  };
  base_ = served(nbd::Access::read_only, Side::base, 0);
  framed_ = served(nbd::Access::read_only, Side::base, margin_size);
  overlay_ = served(nbd::Access::read_write, Side::overlay, 0);
}

base::Status Server::need(const BlockRun& run) {
  if (filler_) return filler_->need(run);
  return base::fail("block " + std::to_string(run.first) +
                    " is not in the snapshot and the medium is not there");
}

base::Status Server::attach(base::io::Fd stream, const MediumWish& wish, OnEnd on_end) {
  if (filler_) return base::fail("the snapshot's medium is there already; detach it first");
  if (store_ && store_->sealed()) {
    return base::fail("the snapshot is sealed: nothing more is read from a medium");
  }
  const auto offer = io::shake_hands(stream, {}, nbd::Replies::structured);
  if (!offer) return base::Unexpected{offer.error()};
  auto client = io::NbdClient::make(std::move(stream), *offer);
  if (!client) return base::Unexpected{client.error()};
  if (auto good = store_ ? store_->expect_size(offer->size) : make_store(*offer); !good)
    return good;
  wish_ = wish;
  on_medium_end_ = std::move(on_end);
  medium_end_.clear();
  sampled_ = false;
  filler_ = std::make_shared<Filler>(
      io_, *store_, *std::move(client), options_.patience,
      Filler::Events{.progress = [this] { progress(); }, .complete = [this] { whole(); }});
  filler_->start(wish.background);
  return base::Ok{};
}

void Server::let_go(const std::string& why) {
  if (!filler_) return;
  filler_->stop();
  filler_.reset();
  medium_end_ = why;
  log_.notice("medium_gone", {{"reason", why}});
  // What the medium has given stays, whatever becomes of this process.
  if (auto flushed = store_->flush(); !flushed) {
    log_.error("flush_failed", {{"reason", flushed.error().text}});
  }
  const OnEnd ended = std::exchange(on_medium_end_, nullptr);
  tell();
  if (ended) ended(why);
}

void Server::let_go_soon(const std::string& why) {
  boost::asio::post(io_, [this, why, filler = std::weak_ptr<Filler>(filler_)] {
    if (filler_ && filler.lock() == filler_) let_go(why);
  });
}

base::Status Server::complete(AtEnd at_end) {
  if (finished(at_end)) return base::Ok{};
  if (at_end == AtEnd::seal) wish_.at_end = AtEnd::seal;
  if (filler_) {
    if (!sampled_) {
      filler_->complete();
      return base::Ok{};
    }
    return seal();
  }
  if (!store_->progress().complete()) {
    return base::fail(
        "parts of the medium were never read, and it is not there; attach it to this snapshot "
        "again");
  }
  return at_end == AtEnd::seal ? seal() : base::Status(base::Ok{});
}

bool Server::finished(AtEnd at_end) const {
  if (at_end == AtEnd::seal) return store_->sealed().has_value();
  return store_->progress().complete() && (sampled_ || !filler_);
}

base::Status Server::seal() {
  const auto sealed = store_->seal();
  if (!sealed) return base::Unexpected{sealed.error()};
  log_.notice("sealed", {{"root", base::hash::to_hex(sealed->root)}});
  return base::Ok{};
}

void Server::progress() {
  if (!filler_->failure().empty()) {
    log_.error("medium_failed", {{"reason", filler_->failure()}});
    let_go_soon(filler_->failure());
  }
  const Progress now = store_->progress();
  const std::uint64_t tenths = now.total == 0 ? 10 : now.done * 10 / now.total;
  if (tenths > told_tenths_) {
    told_tenths_ = tenths;
    log_.info("progress",
              {{"blocks", std::to_string(now.done)}, {"of", std::to_string(now.total)}});
  }
  tell();
}

void Server::whole() {
  different_ = filler_->different();
  sampled_ = true;
  const auto root = store_->root();
  if (!root) return log_.error("root_failed", {{"reason", root.error().text}});
  log_.notice("complete", {{"root", base::hash::to_hex(*root)},
                           {"different", std::to_string(different_)},
                           {"events", std::to_string(store_->events().events().size())}});
  if (wish_.at_end == AtEnd::seal) {
    if (auto sealed = seal(); !sealed) {
      log_.error("seal_failed", {{"reason", sealed.error().text}});
    }
  }
  tell();
}

Served& Server::served_to(const ReaderWish& wish) {
  if (wish.access == nbd::Access::read_write) return *overlay_;
  return wish.margin == Margin::zeros ? *framed_ : *base_;
}

base::Result<std::shared_ptr<Reader>> Server::add_reader(base::io::Fd socket,
                                                         const ReaderWish& wish, OnEnd on_end) {
  if (!store_) return base::fail("there is no such snapshot");
  if (readers_.size() >= max_readers) {
    return base::fail("the snapshot has " + std::to_string(max_readers) +
                      " readers, and more are not served; detach one");
  }
  auto reader = std::make_shared<Reader>(io_, std::move(socket), served_to(wish));
  readers_.push_back({.reader = reader, .access = wish.access, .on_end = std::move(on_end)});
  reader->start([this, each = reader.get()](const std::string& why) { reader_ended(each, why); });
  return reader;
}

std::size_t Server::writers() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      readers_, [](const Entry& each) { return each.access == nbd::Access::read_write; }));
}

void Server::reader_ended(const Reader* reader, const std::string& why) {
  if (!why.empty()) log_.info("reader_lost", {{"reason", why}});
  const auto found = std::ranges::find_if(
      readers_, [reader](const Entry& each) { return each.reader.get() == reader; });
  if (found == readers_.end()) return;
  const Entry gone = std::move(*found);
  readers_.erase(found);
  if (gone.on_end) gone.on_end(why);
  if (changed_) changed_();
}

void Server::remove_reader(const std::shared_ptr<Reader>& reader) {
  reader->stop();
  std::erase_if(readers_, [&reader](const Entry& each) { return each.reader == reader; });
  if (changed_) changed_();
}

void Server::tell() {
  // A reader that ends takes itself off the list.
  std::vector<std::shared_ptr<Reader>> readers;
  for (const Entry& each : readers_) readers.push_back(each.reader);
  for (const auto& reader : readers) reader->look_again();
  if (changed_) changed_();
}

base::Status Server::drop() {
  if (!idle()) {
    return base::fail("the snapshot is in use (" + std::to_string(readers()) + " readers" +
                      (has_medium() ? ", its medium is there" : "") + "); detach them first");
  }
  base_.reset();
  framed_.reset();
  overlay_.reset();
  store_.reset();
  auto dropped = empty(place_);
  if (dropped) log_.notice("dropped");
  return dropped;
}

}  // namespace blockproxy::snapshot
