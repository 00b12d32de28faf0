// SPDX-License-Identifier: GPL-2.0-or-later
// A scanner qube may say these things, in this order, and so much of them.
#include "scanner-qube/qube/answer.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace scannerqube {
namespace {

using State = Answer::State;
using Spoken = std::vector<std::byte>;

Spoken bytes_of(std::string_view text) {
  const auto bytes = base::wire::as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

FromQube chunk(Chunk::Of of, std::string_view text) {
  return Chunk{.of = of, .bytes = bytes_of(text)};
}

const FromQube ready = Ready{.signatures = 3, .options = {}, .engine = "ClamAV"};
const FromQube progress = ScanProgress{.files = 1, .bytes = 2};
const FromQube report = chunk(Chunk::Of::report, "a report");
const FromQube files = chunk(Chunk::Of::files, "files");
const FromQube done = Done{};
const FromQube failure = Failure{.why = "because"};

Spoken say(const std::vector<FromQube>& messages) {
  Spoken out;
  for (const FromQube& each : messages) append_message(out, each);
  return out;
}

// Ready and asked.
Answer asked() {
  Answer answer;
  answer.push(say({ready}));
  answer.ordered();
  return answer;
}

void expect_failed(const Answer& answer, std::string_view why) {
  EXPECT_EQ(answer.state(), State::failed);
  EXPECT_EQ(answer.failure(), why);
  EXPECT_TRUE(answer.report().empty());
  EXPECT_TRUE(answer.files().empty());
}

TEST(Answer, GoesFromStartToEnd) {
  Answer answer;
  EXPECT_EQ(answer.state(), State::starting);
  answer.push(say({ready}));
  EXPECT_EQ(answer.state(), State::ready);
  EXPECT_EQ(answer.engine().engine, "ClamAV");
  EXPECT_EQ(answer.engine().signatures, 3U);
  answer.ordered();
  EXPECT_EQ(answer.state(), State::scanning);
  answer.push(say({progress, report, progress, report, files, progress, files}));
  EXPECT_EQ(answer.state(), State::scanning);
  EXPECT_EQ(answer.progress(), (ScanProgress{.files = 1, .bytes = 2}));
  answer.push(say({done}));
  EXPECT_EQ(answer.state(), State::done);
  EXPECT_EQ(answer.report(), bytes_of("a reporta report"));
  EXPECT_EQ(answer.files(), bytes_of("filesfiles"));
}

TEST(Answer, MayBeCutAtEveryByte) {
  const Spoken life = say({progress, report, report, files, done});
  for (std::size_t at = 0; at <= life.size(); ++at) {
    Answer answer = asked();
    const base::wire::Bytes whole(life);
    answer.push(whole.first(at));
    EXPECT_EQ(answer.state() == State::done, at == life.size()) << at;
    answer.push(whole.subspan(at));
    ASSERT_EQ(answer.state(), State::done) << at;
    EXPECT_EQ(answer.report(), bytes_of("a reporta report"));
  }
  Answer answer = asked();
  for (const std::byte each : life) answer.push({&each, 1});
  EXPECT_EQ(answer.state(), State::done);
}

TEST(Answer, NothingShorterIsDone) {
  const Spoken life = say({ready});
  const Spoken rest = say({report, files, done});
  for (std::size_t size = 0; size < life.size(); ++size) {
    Answer answer;
    answer.push(base::wire::Bytes(life).first(size));
    EXPECT_EQ(answer.state(), State::starting) << size;
  }
  for (std::size_t size = 0; size < rest.size(); ++size) {
    Answer answer = asked();
    answer.push(base::wire::Bytes(rest).first(size));
    EXPECT_EQ(answer.state(), State::scanning) << size;
  }
}

TEST(Answer, SaysFirstThatItIsReadyAndOnce) {
  for (const FromQube& each : {progress, report, files, done}) {
    Answer answer;
    answer.push(say({each}));
    expect_failed(answer, "it speaks before it was asked");
  }
  Answer twice;
  twice.push(say({ready, ready}));
  expect_failed(twice, "it says twice that it is ready");
  Answer later = asked();
  later.push(say({report, ready}));
  expect_failed(later, "it says twice that it is ready");
}

TEST(Answer, WaitsUntilItIsAsked) {
  for (const FromQube& each : {progress, report, files, done}) {
    Answer answer;
    answer.push(say({ready, each}));
    expect_failed(answer, "it speaks before it was asked");
  }
}

TEST(Answer, AnOrderBringsNobodyBack) {
  Answer early;
  early.ordered();
  EXPECT_EQ(early.state(), State::starting) << "nothing was ready for an order";
  Answer failed = asked();
  failed.fail("cut off");
  failed.ordered();
  expect_failed(failed, "cut off");
  Answer over = asked();
  over.push(say({report, done}));
  over.ordered();
  EXPECT_EQ(over.state(), State::done);
}

TEST(Answer, EndsWithAReport) {
  Answer nothing = asked();
  nothing.push(say({done}));
  expect_failed(nothing, "it ends without a report");
  Answer only_files = asked();
  only_files.push(say({files, done}));
  expect_failed(only_files, "it ends without a report");
}

TEST(Answer, TheReportIsWholeBeforeTheFiles) {
  Answer answer = asked();
  answer.push(say({report, files, report}));
  expect_failed(answer, "it goes on with its report after the files");
}

TEST(Answer, FailsAtAnyTime) {
  const std::vector<std::vector<FromQube>> before{{}, {report}, {progress}, {report, files}};
  Answer at_once;
  at_once.push(say({failure}));
  expect_failed(at_once, "because");
  Answer before_asked;
  before_asked.push(say({ready, failure}));
  expect_failed(before_asked, "because");
  for (const auto& each : before) {
    Answer answer = asked();
    answer.push(say(each));
    answer.push(say({failure}));
    expect_failed(answer, "because");
    answer.push(say({ready, report, done}));
    expect_failed(answer, "because");
    answer.fail("something else");
    expect_failed(answer, "because");
  }
}

TEST(Answer, WhatWasDoneStaysDone) {
  Answer answer = asked();
  answer.push(say({report, done, failure}));
  EXPECT_EQ(answer.state(), State::done) << "what follows is not looked at";
  answer.push(say({failure, report}));
  answer.fail("too late");
  EXPECT_EQ(answer.state(), State::done);
  EXPECT_EQ(answer.report(), bytes_of("a report"));
  EXPECT_TRUE(answer.failure().empty());
}

TEST(Answer, BrokenBytesEndIt) {
  Answer framing = asked();
  framing.push(Spoken(4, std::byte{0xff}));
  expect_failed(framing, "it breaks the framing of its messages");
  Answer longest = asked();
  Spoken frame;
  base::wire::append_frame(frame, Spoken(base::wire::max_frame_payload));
  longest.push(frame);
  expect_failed(longest, describe(MessageError::unknown_kind));
  Answer empty = asked();
  empty.push(Spoken(base::wire::frame_header_size));
  expect_failed(empty, describe(MessageError::wrong_length));
}

// One more than there may be, in chunks as large as they get.
void expect_bound(Chunk::Of of, std::size_t most, std::vector<FromQube> before) {
  Answer answer = asked();
  answer.push(say(before));
  const Spoken full = say({Chunk{.of = of, .bytes = Spoken(max_chunk)}});
  std::size_t left = most;
  for (; left >= max_chunk; left -= max_chunk) answer.push(full);
  if (left > 0) answer.push(say({Chunk{.of = of, .bytes = Spoken(left)}}));
  ASSERT_EQ(answer.state(), State::scanning);
  EXPECT_EQ((of == Chunk::Of::report ? answer.report() : answer.files()).size(), most);
  answer.push(say({Chunk{.of = of, .bytes = Spoken(1)}}));
  expect_failed(answer, "it says more than there can be");
}

TEST(Answer, AReportIsBounded) { expect_bound(Chunk::Of::report, max_report_bytes, {}); }
TEST(Answer, AListOfFilesIsBounded) { expect_bound(Chunk::Of::files, max_files_bytes, {report}); }

TEST(Answer, ProgressIsBounded) {
  Answer answer = asked();
  const Spoken one = say({progress});
  for (std::uint32_t i = 0; i < max_progress; ++i) answer.push(one);
  ASSERT_EQ(answer.state(), State::scanning);
  answer.push(one);
  expect_failed(answer, "it talks too much");
}

}  // namespace
}  // namespace scannerqube
