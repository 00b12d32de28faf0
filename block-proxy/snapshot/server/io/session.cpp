// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/session.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <boost/asio/post.hpp>

#include "block-proxy/snapshot/io/export.hpp"
#include "block-proxy/snapshot/server/io/report.hpp"

namespace blockproxy::snapshot {
namespace {

constexpr std::uint64_t blocks_a_step = 64;  // 4 MiB: readers wait no longer than for that
constexpr std::size_t max_said = 1024;
constexpr std::chrono::seconds commit_patience{30};  // with a medium that does not answer

// Nobody else can stop this process by not reading what is written.
base::Status check_regular(const base::io::Fd& out) {
  struct stat info {};
  if (::fstat(out.get(), &info) == 0 && S_ISREG(info.st_mode)) return base::Ok{};
  return base::fail("the output must be a regular file");
}

std::string outcome_of(const Verification& walk, bool sealed) {
  const auto blocks = [](const ExtentSet& set) { return std::to_string(set.blocks()); };
  if (walk.lost.blocks() > 0) {
    return "failed " + blocks(walk.lost) + " stored blocks are not what was stored; the snapshot " +
           "cannot be trusted: drop it and make a new one";
  }
  if (walk.absent.blocks() > 0) {
    return "done verified, but " + blocks(walk.absent) + " blocks were never read from the medium";
  }
  const std::string root = base::hash::to_hex(*walk.root);
  if (!sealed) return "done verified, complete, not sealed; root " + root;
  if (walk.matches_seal) return "done verified and sealed; root " + root;
  return "failed the stored blocks have root " + root +
         ", which is not what was sealed; the snapshot cannot be trusted";
}

}  // namespace

Session::Session(boost::asio::io_context& io, Server& server, const Request& request,
                 base::io::Fd asker, base::io::Fd attached)
    : io_(io),
      server_(server),
      request_(request),
      asker_(io, asker.release()),
      attached_(std::move(attached)) {}

void Session::start(OnEnd on_end) {
  on_end_ = std::move(on_end);
  watch_asker();
  begin();
}

void Session::watch_asker() {
  asker_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& error) {
                      if (!error) self->heard();
                    });
}

// "attached", once, of one who brought a medium; whatever else comes is its end.
void Session::heard() {
  constexpr std::string_view attached = "attached";
  std::array<char, attached.size() + 1> word{};
  const ssize_t size = ::recv(asker_.native_handle(), word.data(), word.size(), MSG_DONTWAIT);
  const bool expected = request_.verb == Verb::medium || request_.verb == Verb::commit;
  const bool fits =
      size > 0 && std::string_view(word.data(), static_cast<std::size_t>(size)) == attached;
  if (!expected || attached_everywhere_ || !fits) return end({});
  attached_everywhere_ = true;
  watch_asker();
  if (request_.verb == Verb::commit) return commit();
  look();
}

void Session::begin() {
  if (request_.verb == Verb::medium) return begin_medium();
  if (request_.verb == Verb::drop) {
    // One that cannot be opened can be dropped all the same.
    const auto dropped = server_.drop();
    dropped_ = server_.store() == nullptr;
    return finish_or(dropped, "dropped");
  }
  const std::shared_ptr<Store> store = server_.store();
  if (store == nullptr) return fail("there is no snapshot " + request_.name);
  switch (request_.verb) {
    case Verb::complete:
    case Verb::seal: {
      const AtEnd at_end = request_.verb == Verb::seal ? AtEnd::seal : AtEnd::stay_open;
      if (auto begun = server_.complete(at_end); !begun) return fail(begun.error().text);
      return look();
    }
    case Verb::verify: {
      auto walk = std::make_shared<Verification>();
      return begin_steps(
          [store, walk]() -> base::Result<Progress> {
            const auto walked = store->verify_some(*walk, blocks_a_step);
            if (!walked) return base::Unexpected{walked.error()};
            return Progress{.done = walk->next, .total = store->geometry().blocks()};
          },
          [store, walk] { return outcome_of(*walk, store->sealed().has_value()); });
    }
    case Verb::show:
    case Verb::image:
    case Verb::hashes:
    case Verb::diff:
      return begin_file();
    case Verb::discard:
      if (server_.writers() > 0) return fail("a qube writes to the overlay; detach it first");
      return finish_or(store->discard(), "discarded");
    case Verb::keep:
      return finish_or(store->keep(), "the key is kept beside the snapshot until it is dropped");
    case Verb::commit:
      return begin_commit();
    case Verb::reader:
      return begin_reader();
    case Verb::list:
    case Verb::medium:
    case Verb::drop:
      break;
  }
  fail("not a request for one snapshot");
}

void Session::begin_file() {
  if (auto good = check_regular(attached_); !good) return fail(good.error().text);
  const std::shared_ptr<Store> store = server_.store();
  if (request_.verb == Verb::show)
    return finish_or(write_report(server_, request_.name, attached_), "");
  if (request_.verb == Verb::diff) return finish_or(write_diff(*store, attached_), "");
  if (request_.verb == Verb::hashes) {
    auto list = std::make_shared<HashExport>(*store, std::move(attached_));
    return begin_steps(
        [store, list]() -> base::Result<Progress> {
          if (auto done = list->step(blocks_a_step * blocks_a_step); !done) {
            return base::Unexpected{done.error()};
          }
          return list->progress();
        },
        [] { return std::string("done "); });
  }
  auto begun = ImageExport::begin(
      *store, std::move(attached_),
      request_.holes == Request::Holes::allowed ? Missing::holes : Missing::refuse);
  if (!begun) return fail(begun.error().text);
  auto image = std::make_shared<ImageExport>(*std::move(begun));
  begin_steps(
      [store, image]() -> base::Result<Progress> {
        if (auto done = image->step(blocks_a_step); !done) return base::Unexpected{done.error()};
        return image->progress();
      },
      [image] {
        return "done " + (image->holes() == 0 ? std::string("exported")
                                              : "exported; " + std::to_string(image->holes()) +
                                                    " blocks were never read and are holes");
      });
}

void Session::begin_medium() {
  const bool all = request_.fill == Fill::in_order || request_.at_end == AtEnd::seal;
  const MediumWish wish{.background = all ? Background::complete : Background::none,
                        .at_end = request_.at_end};
  // It may end from within: then this is over, and says why.
  has_medium_ = true;
  const auto attached = server_.attach(std::move(attached_), wish,
                                       [self = shared_from_this()](const std::string& why) {
                                         self->has_medium_ = false;
                                         self->end("ended " + why);
                                       });
  if (attached) return say("ready " + std::to_string(server_.store()->geometry().medium_size()));
  has_medium_ = false;
  fail(attached.error().text);
}

// Readers wait meanwhile, so there must be none.
void Session::begin_commit() {
  if (!server_.idle()) return fail("somebody uses the snapshot; detach it first");
  auto medium = io::NbdMedium::connect(std::move(attached_), commit_patience);
  if (!medium) return fail(medium.error().text);
  written_ = *std::move(medium);
  say("ready " + std::to_string(server_.store()->geometry().medium_size()));
}

void Session::commit() {
  const auto committed = commit_checked(*server_.store(), *written_);
  if (!committed) return fail(committed.error().text);
  end("ended the overlay was written to the medium");
}

void Session::begin_reader() {
  auto reader = server_.add_reader(
      std::move(attached_), {.access = request_.access, .margin = request_.margin},
      [self = shared_from_this()](const std::string& why) {
        self->reader_.reset();
        self->end("ended " + (why.empty() ? "it took its leave" : why));
      });
  if (!reader) return fail(reader.error().text);
  reader_ = *std::move(reader);
  say("ready " + std::to_string(server_.store()->geometry().medium_size()));
}

void Session::begin_steps(Step step, std::function<std::string()> outcome) {
  step_ = std::move(step);
  outcome_ = std::move(outcome);
  this->step();
}

void Session::step() {
  if (ended_) return;
  const auto progress = step_();
  if (!progress) return fail(progress.error().text);
  if (progress->complete()) return end(outcome_());
  show_progress(*progress);
  boost::asio::post(io_, [self = shared_from_this()] { self->step(); });
}

void Session::look() {
  if (ended_) return;
  if (request_.verb == Verb::medium && request_.fill == Fill::in_order) {
    const bool over = attached_everywhere_ && has_medium_ && server_.finished(request_.at_end);
    if (over) server_.let_go_soon("everything was read; it can be unplugged");
    return;
  }
  if (request_.verb != Verb::complete && request_.verb != Verb::seal) return;
  const AtEnd at_end = request_.verb == Verb::seal ? AtEnd::seal : AtEnd::stay_open;
  if (server_.finished(at_end)) {
    const auto root = server_.store()->root();
    return root ? end("done root " + base::hash::to_hex(*root)) : fail(root.error().text);
  }
  if (!server_.has_medium()) return fail(server_.medium_end());
  show_progress(server_.store()->progress());
}

void Session::finish_or(const base::Status& status, const std::string& text) {
  end(status ? "done " + text : "failed " + status.error().text);
}

void Session::show_progress(const Progress& progress) {
  const std::uint64_t percent = progress.done * 100 / progress.total;
  if (percent == told_percent_) return;
  told_percent_ = percent;
  say("progress " + std::to_string(progress.done) + " " + std::to_string(progress.total));
}

// An asker that does not read loses what does not fit; it cannot stop this process.
void Session::say(const std::string& text) {
  if (ended_) return;
  const std::string cut = text.substr(0, max_said);
  [[maybe_unused]] const ssize_t ignored =
      ::send(asker_.native_handle(), cut.data(), cut.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Session::end(const std::string& last) {
  if (ended_) return;
  const auto self = shared_from_this();
  if (!last.empty()) say(last);
  ended_ = true;
  boost::system::error_code ignored;
  asker_.close(ignored);
  if (reader_) server_.remove_reader(reader_);
  reader_.reset();
  if (std::exchange(has_medium_, false)) server_.let_go("detached");
  step_ = nullptr;
  outcome_ = nullptr;
  if (const OnEnd on_end = std::exchange(on_end_, nullptr)) on_end(this);
}

}  // namespace blockproxy::snapshot
