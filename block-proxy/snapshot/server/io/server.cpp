// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/server.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "base/wire/escape.hpp"

namespace blockproxy::snapshot {
namespace {

nbd::Export offered(const Geometry& geometry, nbd::Access access) {
  return {.name = {},
          .size = geometry.medium_size(),
          .sector_size = geometry.sector_size(),
          .access = access};
}

}  // namespace

Server::Server(boost::asio::io_context& io, base::io::Fd listening, Store& store,
               std::optional<io::NbdClient> medium, const ServerOptions& options,
               const base::io::Log& log)
    : io_(io),
      listening_(io, listening.release()),
      store_(store),
      options_(options),
      log_(log),
      served_{.store = store,
              .offered = offered(store.geometry(), options.access),
              .side = options.access == nbd::Access::read_only ? Side::base : Side::overlay,
              .need = {}} {
  if (medium) {
    filler_.emplace(
        io, store, *std::move(medium), options.patience,
        Filler::Events{.progress = [this] { progress(); }, .complete = [this] { complete(); }});
  }
  served_.need = [this](const BlockRun& run) -> base::Status {
    if (filler_) return filler_->need(run);
    return base::fail("block " + std::to_string(run.first) +
                      " is not in the snapshot and the medium is not there");
  };
}

void Server::start() {
  if (filler_) filler_->start(options_.background);
  wait_for_reader();
}

void Server::wait_for_reader() {
  // With all places taken, new ones wait in the socket's own queue.
  if (accepting_ || readers_.size() >= max_readers) return;
  accepting_ = true;
  listening_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    accepting_ = false;
    if (error) return;
    accept();
    wait_for_reader();
  });
}

void Server::accept() {
  base::io::Fd socket(::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) return;
  auto reader = std::make_shared<Reader>(io_, std::move(socket), served_);
  readers_.push_back(reader);
  reader->start([this, each = reader.get()](const std::string& why) { ended(each, why); });
}

void Server::ended(const Reader* reader, const std::string& why) {
  if (!why.empty()) log_.info("reader_lost", {{"reason", why}});
  std::erase_if(readers_, [reader](const auto& each) { return each.get() == reader; });
  wait_for_reader();
}

void Server::progress() {
  if (filler_ && !filler_->failure().empty() && !told_failure_) {
    told_failure_ = true;
    log_.error("medium_failed", {{"reason", filler_->failure()}});
  }
  const Progress now = store_.progress();
  const std::uint64_t tenths = now.total == 0 ? 10 : now.done * 10 / now.total;
  if (tenths > told_tenths_) {
    told_tenths_ = tenths;
    log_.info("progress",
              {{"blocks", std::to_string(now.done)}, {"of", std::to_string(now.total)}});
  }
  // A reader that ends takes itself off the list.
  const std::vector<std::shared_ptr<Reader>> readers(readers_.begin(), readers_.end());
  for (const auto& reader : readers) reader->look_again();
}

void Server::complete() {
  const auto root = store_.root();
  if (!root) return log_.error("root_failed", {{"reason", root.error().text}});
  log_.notice("complete", {{"root", base::hash::to_hex(*root)},
                           {"different", std::to_string(filler_->different())},
                           {"events", std::to_string(store_.events().events().size())}});
  if (options_.at_end == AtEnd::stay_open) return;
  const auto sealed = store_.seal();
  if (!sealed) return log_.error("seal_failed", {{"reason", sealed.error().text}});
  log_.notice("sealed");
}

}  // namespace blockproxy::snapshot
