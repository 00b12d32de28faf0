// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/filler.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>

namespace blockproxy::snapshot {
namespace {

constexpr std::uint64_t look_at = 4096;  // blocks of the index in one go

}  // namespace

Filler::Filler(boost::asio::io_context& io, Store& store, io::NbdClient client,
               std::chrono::seconds patience, Events events)
    : store_(store),
      client_(std::move(client)),
      watched_(io, ::dup(client_.stream().get())),
      timer_(io),
      patience_(patience),
      events_(std::move(events)) {}

Filler::~Filler() { client_.leave(); }

void Filler::start(Background background) {
  background_ = background;
  wait_readable();
  step();
}

void Filler::complete() {
  background_ = Background::complete;
  in_background();
  send();
}

void Filler::stop() {
  events_ = {.progress = [] {}, .complete = [] {}};
  if (failure_.empty()) failure_ = "the medium was let go";
  boost::system::error_code ignored;
  watched_.close(ignored);
  timer_.cancel();
}

base::Status Filler::need(const BlockRun& run) {
  if (!failure_.empty()) return base::fail(failure_);
  // What of it is not under way; with all places taken, whoever asks will ask again.
  while (const auto part = table_.start(run)) begin(*part, Use::store);
  if (!stepping_) send();
  return base::Ok{};
}

void Filler::begin(const BlockRun& run, Use use) {
  Fetch fetch{.plan = FetchPlan(store_.geometry(), run), .use = use, .bytes = {}};
  if (!spare_.empty()) {
    fetch.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  fetch.bytes.resize(fetch.plan.range().length);
  fetches_.push_back(std::move(fetch));
  if (fetches_.size() == 1) rearm();
  ask(fetches_.back());
}

bool Filler::ask(Fetch& fetch) {
  const auto range = fetch.plan.next();
  if (!range) return false;
  fetch.answered = false;
  const auto into =
      std::span(fetch.bytes).subspan(range->offset - fetch.plan.range().offset, range->length);
  const auto asked = client_.read(range->offset, into, [&fetch](nbd::WireError error) {
    fetch.answered = true;
    fetch.error = error;
  });
  if (!asked) fail(asked.error().text);
  return asked.has_value();
}

void Filler::send() {
  if (!failure_.empty()) return;
  if (auto sent = client_.send(); !sent) return fail(sent.error().text);
  if (!client_.unsent() || writing_) return;
  writing_ = true;
  watched_.async_wait(Descriptor::wait_write,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        self->writing_ = false;
                        if (!error) self->send();
                      });
}

void Filler::wait_readable() {
  watched_.async_wait(Descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (error || !self->failure_.empty()) return;
                        self->step();
                        if (self->failure_.empty()) self->wait_readable();
                      });
}

// One turn: what has come goes to the store, and more is asked for before it does, so that the
// medium works while blocks are hashed.
void Filler::step() {
  stepping_ = true;
  const auto got = client_.receive();
  const auto taken = take_answers();
  stepping_ = false;
  if (!taken) return fail(taken.error().text);
  if (!got) return fail(got.error().text);
  in_background();
  send();
}

base::Status Filler::take_answers() {
  for (auto each = fetches_.begin(); each != fetches_.end();) {
    Fetch& fetch = *each;
    if (!fetch.answered) {
      ++each;
      continue;
    }
    rearm();
    if (fetch.error == nbd::WireError::none) {
      fetch.plan.was_read();
    } else if (fetch.error != nbd::WireError::io) {
      return base::fail("the medium is gone; plug it in again");
    } else {
      const auto range = *fetch.plan.next();
      if (fetch.plan.was_unreadable()) {
        std::ranges::fill(
            std::span(fetch.bytes).subspan(range.offset - fetch.plan.range().offset, range.length),
            std::byte{0});
      }
    }
    if (ask(fetch)) {
      send();
      ++each;
      continue;
    }
    if (!failure_.empty()) return base::fail(failure_);
    // Its place is free before its blocks are worked on.
    Fetch whole = std::move(fetch);
    each = fetches_.erase(each);
    finishing_ = true;
    in_background();
    send();
    auto done = finish(whole);
    finishing_ = false;
    spare_.push_back(std::move(whole.bytes));
    if (!done) return done;
  }
  return base::Ok{};
}

base::Status Filler::finish(const Fetch& fetch) {
  const BlockRun& run = fetch.plan.run();
  if (fetch.use == Use::store) {
    auto accepted = store_.accept(run, fetch.bytes, fetch.plan.bad());
    table_.finish(run);
    if (!accepted) return accepted;
    events_.progress();
    return base::Ok{};
  }
  // Sectors that could not be read this time say nothing.
  if (fetch.plan.bad().front() != SectorMap{}) return base::Ok{};
  const auto again = store_.compare(run.first, fetch.bytes);
  if (!again) return base::Unexpected{again.error()};
  if (*again == Again::different) ++different_;
  return base::Ok{};
}

// Keeps a few reads under way; with as many of readers under way already there is nothing to add.
void Filler::in_background() {
  if (background_ == Background::none || !failure_.empty()) return;
  while (fetches_.size() < background_runs) {
    const auto began = sample_ ? next_of_sample() : next_of_medium();
    if (!began) return fail(began.error().text);
    if (*began) continue;
    if (!fetches_.empty() || finishing_) return;
    if (sample_) {
      background_ = Background::none;
      events_.complete();
      return;
    }
    if (!store_.progress().complete()) return fail("blocks are missing in the snapshot's index");
    sample_ = store_.start_probe();
  }
}

base::Result<bool> Filler::next_of_medium() {
  const std::uint64_t blocks = store_.geometry().blocks();
  while (next_ < blocks) {
    const BlockRun part{.first = next_, .count = std::min(look_at, blocks - next_)};
    const auto missing = store_.missing(store_.geometry().bytes_of(part), Side::base);
    if (!missing) return base::Unexpected{missing.error()};
    next_ = *missing ? (*missing)->end() : part.end();
    if (!*missing) continue;
    // Nothing: a reader's fetch has all of it.
    const auto run = table_.start(**missing);
    if (!run) continue;
    next_ = run->end();
    begin(*run, Use::store);
    return true;
  }
  return false;
}

base::Result<bool> Filler::next_of_sample() {
  while (const auto number = sample_->sampler.next()) {
    const auto may = store_.comparable(*number);
    if (!may) return base::Unexpected{may.error()};
    if (!*may) continue;
    begin({.first = *number, .count = 1}, Use::compare);
    return true;
  }
  return false;
}

void Filler::rearm() {
  timer_.expires_after(patience_);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->fetches_.empty()) return;
    self->fail("the medium does not answer; plug it in again");
  });
}

// Whoever waits is told from the loop, not from within a call of theirs.
void Filler::fail(const std::string& why) {
  if (!failure_.empty()) return;
  failure_ = why;
  boost::system::error_code ignored;
  watched_.close(ignored);
  timer_.cancel();
  boost::asio::post(timer_.get_executor(),
                    [self = shared_from_this()] { self->events_.progress(); });
}

}  // namespace blockproxy::snapshot
