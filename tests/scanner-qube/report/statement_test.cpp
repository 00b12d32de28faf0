// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 makes of an answer, and its signed form: every change of it is noticed.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/report/signed_text.hpp"
#include "tests/places.hpp"
#include "tests/scanner-qube/report/sample_report.hpp"

namespace scannerqube::report {
namespace {

using base::sign::KeyPair;
using tests::clean_report;
using tests::infected_report;
using tests::sample_facts;

TEST(Statement, AnAnswerThatFitsIsStated) {
  for (const ScanReport& report : {clean_report(), infected_report()}) {
    const Statement statement = judge(sample_facts(), encode_report(report));
    ASSERT_TRUE(statement.report) << statement.reason;
    EXPECT_EQ(statement.verdict(), report.verdict());
    const std::string line = encode_statement(statement);
    const auto parsed = parse_statement(line);
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(encode_statement(*parsed), line);
    EXPECT_EQ(parsed->facts, sample_facts());
    EXPECT_EQ(as_lines(*parsed), as_lines(statement));
  }
}

TEST(Statement, AnAnswerThatDoesNotFitIsAFailedScan) {
  const auto reason = [](const ScanFacts& facts, const std::string& answer) {
    const Statement statement = judge(facts, answer);
    EXPECT_FALSE(statement.report);
    EXPECT_EQ(statement.verdict(), Verdict::failed);
    const auto parsed = parse_statement(encode_statement(statement));
    EXPECT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->verdict(), Verdict::failed);
    return statement.reason;
  };
  const std::string good = encode_report(clean_report());
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(reason(sample_facts(), ""), "no JSON"));
  EXPECT_TRUE(has(reason(sample_facts(), "\x1b[2J"), "no printable ASCII: \\x1b"));
  ScanFacts facts = sample_facts();
  facts.medium_size += 512;
  EXPECT_TRUE(has(reason(facts, good), "a medium of 1048576 bytes, the snapshot has 1049088"));
  facts = sample_facts();
  facts.options = digest_of({.deleted = true});
  EXPECT_TRUE(has(reason(facts, good), "other limits"));
  facts = sample_facts();
  facts.database.sha256 = {};
  EXPECT_TRUE(has(reason(facts, good), "another database"));
}

TEST(Statement, ForeignTextsAreMadeHarmless) {
  ScanFacts facts = sample_facts();
  facts.device.description = "stick\x1b[31m\xe2\x80\xae";
  facts.approved_by = std::string(2000, 'x');
  facts.ended = facts.started - 100;
  const Statement statement = judge(facts, encode_report(clean_report()));
  const auto parsed = parse_statement(encode_statement(statement));
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->facts.device.description, "stick\\x1b[31m\\xe2\\x80\\xae");
  EXPECT_EQ(parsed->facts.approved_by.size(), max_text);
  EXPECT_EQ(parsed->facts.ended, parsed->facts.started);
}

// Written by a dom0 that is wrong, or by a thief of its key.
TEST(Statement, RefusesContradictions) {
  const auto refused = [](auto spoil) {
    Statement statement = judge(sample_facts(), encode_report(infected_report()));
    spoil(statement);
    return !parse_statement(encode_statement(statement));
  };
  EXPECT_FALSE(refused([](Statement&) {}));
  EXPECT_TRUE(refused([](Statement& s) { s.reason = "x"; }));
  EXPECT_TRUE(refused([](Statement& s) { s.report.reset(); }));
  EXPECT_TRUE(refused([](Statement& s) { ++s.facts.medium_size; }));
  EXPECT_TRUE(refused([](Statement& s) { s.facts.options = {}; }));
  EXPECT_TRUE(refused([](Statement& s) { s.facts.database.sha256 = {}; }));
  EXPECT_TRUE(refused([](Statement& s) { s.facts.ended = s.facts.started - 1; }));
  EXPECT_TRUE(refused([](Statement& s) { s.report->said = Verdict::clean; }));
  std::string mild = encode_statement(judge(sample_facts(), encode_report(infected_report())));
  mild.replace(mild.rfind("infected"), 8, "clean");
  EXPECT_FALSE(parse_statement(mild));
}

TEST(Statement, RefusesEveryShorterLine) {
  const std::string line =
      encode_statement(judge(sample_facts(), encode_report(infected_report())));
  for (std::size_t size = 0; size < line.size(); ++size) {
    ASSERT_FALSE(parse_statement(line.substr(0, size))) << size;
  }
}

class SignedStatement : public testing::Test {
 protected:
  const KeyPair pair_ = KeyPair::generate();
  const std::string line_ =
      encode_statement(judge(sample_facts(), encode_report(infected_report())));
  const std::string text_ = sign_line(pair_, line_);
};

TEST_F(SignedStatement, IsTwoLinesAndOpens) {
  EXPECT_EQ(std::ranges::count(text_, '\n'), 2);
  EXPECT_EQ(text_.substr(0, text_.find('\n')), line_);
  const auto opened = open_signed(pair_.public_key(), text_);
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ(*opened, line_);
}

TEST_F(SignedStatement, WhatWouldNotBeReadBackIsNotSigned) {
  Statement statement = judge(sample_facts(), encode_report(infected_report()));
  const auto good = sign_statement(pair_, statement);
  ASSERT_TRUE(good) << good.error().text;
  EXPECT_EQ(*good, text_);
  statement.facts.medium_size = max_number + 1;
  EXPECT_FALSE(sign_statement(pair_, statement));
  statement = judge(sample_facts(), encode_report(infected_report()));
  statement.facts.approved_by = "\x1b[2J";
  EXPECT_FALSE(sign_statement(pair_, statement));
}

TEST_F(SignedStatement, AnyChangedBitIsNoticed) {
  const base::sign::PublicKey key = pair_.public_key();
  for (std::size_t at = 0; at < text_.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string other = text_;
      other[at] = static_cast<char>(static_cast<unsigned char>(other[at]) ^ (1U << bit));
      ASSERT_FALSE(open_signed(key, other)) << at << " bit " << bit;
    }
  }
}

TEST_F(SignedStatement, EveryShorterAndEveryLongerTextIsRefused) {
  const base::sign::PublicKey key = pair_.public_key();
  for (std::size_t size = 0; size < text_.size(); ++size) {
    ASSERT_FALSE(open_signed(key, std::string_view(text_).substr(0, size))) << size;
  }
  for (const char* more : {"\n", " ", "x\n"}) EXPECT_FALSE(open_signed(key, text_ + more));
  EXPECT_FALSE(open_signed(key, " " + text_));
  EXPECT_FALSE(open_signed(key, "\n" + text_));
  EXPECT_FALSE(open_signed(key, std::string(max_signed_bytes + 1, 'x')));
}

TEST_F(SignedStatement, AnotherKeyIsNamed) {
  const KeyPair other = KeyPair::generate();
  const auto opened = open_signed(other.public_key(), text_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text.find(pair_.public_key().id()), std::string::npos);
  EXPECT_NE(opened.error().text.find(other.public_key().id()), std::string::npos);
  // Signed by another, under the name of the right key.
  std::string forged = sign_line(other, line_);
  forged.replace(forged.find(other.public_key().id()), 16, pair_.public_key().id());
  EXPECT_FALSE(open_signed(pair_.public_key(), forged));
}

// Also checked by openssl and jq as README.md of scanner-qube/report tells.
TEST(SignedText, TheRecordedFileIsWhatIsWrittenToday) {
  std::ifstream file(places::source() + "/tests/data/scanner-qube/signed_report");
  const std::string recorded{std::istreambuf_iterator<char>(file), {}};
  const auto pair = KeyPair::parse("sallyport-ed25519-secret " + std::string(64, '5'));
  ASSERT_TRUE(pair);
  const std::string line =
      encode_statement(judge(sample_facts(), encode_report(infected_report())));
  EXPECT_EQ(sign_line(*pair, line), recorded);
}

TEST_F(SignedStatement, ASignatureOfSomethingElseIsNone) {
  const auto stolen = pair_.sign(base::sign::Purpose::database_manifest, line_);
  std::string text = text_;
  const std::size_t at = text.find("\"signature\":\"") + 13;
  text.replace(at, 128, stolen.hex());
  EXPECT_FALSE(open_signed(pair_.public_key(), text));
}

}  // namespace
}  // namespace scannerqube::report
