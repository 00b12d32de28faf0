// SPDX-License-Identifier: GPL-2.0-or-later
// The chain of audit records: every change of it is noticed.
#include <gtest/gtest.h>

#include "base/audit/chain.hpp"
#include "base/audit/head_file.hpp"
#include "base/audit/log_check.hpp"

namespace base::audit {
namespace {

constexpr const char* now = "2026-11-23T09:20:41.123Z";

std::vector<std::string> make_lines(std::size_t count, Head& head) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i) {
    std::string line = append_line(head, now, "decision",
                                   {{"text", "a \"b\" \\ \n\xff"}, {"n", std::to_string(i), true}});
    line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string problem_of(const std::vector<std::string>& lines, std::optional<Head> known = {}) {
  LogCheck check(LogCheck::Begin::at_first, std::move(known));
  for (const std::string& line : lines) check.line(line);
  check.end();
  return check.problem();
}

TEST(AuditChain, HasTheBytesOfTheProtocolPage) {
  Head head;
  const std::string line =
      append_line(head, now, "decision", {{"text", "it\x1b[0m \"is\""}, {"asked_ms", "12", true}});
  const std::string hashed =
      R"({"seq":1,"time":"2026-11-23T09:20:41.123Z","kind":"decision","text":"it\u001b[0m \"is\"",)"
      R"("asked_ms":12,"prev":")" +
      std::string(64, '0') + "\"";
  EXPECT_EQ(line, hashed + ",\"hash\":\"" +
                      base::hash::to_hex(base::hash::digest_of(base::wire::as_bytes(hashed))) +
                      "\"}\n");
  EXPECT_EQ(head.seq, 1U);
}

TEST(AuditChain, AWholeLogIsWhole) {
  Head head;
  const auto lines = make_lines(20, head);
  EXPECT_EQ(problem_of(lines), "");
  EXPECT_EQ(problem_of(lines, head), "");
}

TEST(AuditChain, AnEditOfAnyByteIsNoticed) {
  Head head;
  const auto lines = make_lines(3, head);
  for (std::size_t at = 0; at < lines[1].size(); ++at) {
    for (const char other : {'0', 'x', '"', '}', '\\'}) {
      if (lines[1][at] == other) continue;
      auto changed = lines;
      changed[1][at] = other;
      EXPECT_NE(problem_of(changed, head), "") << at << other;
    }
  }
}

TEST(AuditChain, EveryShorterLineIsNoticed) {
  Head head;
  const auto lines = make_lines(1, head);
  for (std::size_t size = 0; size < lines[0].size(); ++size) {
    Head from;
    const auto checked = check_line(from, lines[0].substr(0, size));
    ASSERT_FALSE(checked.has_value()) << size;
    EXPECT_EQ(from, Head()) << "a bad line does not move the chain";
  }
}

TEST(AuditChain, RemovedMovedAndRepeatedLinesAreNoticed) {
  Head head;
  const auto lines = make_lines(6, head);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto removed = lines;
    removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(problem_of(removed), "") << i;
    auto swapped = lines;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_NE(problem_of(swapped), "") << i;
    auto repeated = lines;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    EXPECT_NE(problem_of(repeated), "") << i;
  }
}

TEST(AuditChain, ACutIsNoticedByTheHead) {
  Head head;
  auto lines = make_lines(6, head);
  lines.pop_back();
  EXPECT_EQ(problem_of(lines), "") << "the chain alone cannot tell";
  EXPECT_NE(problem_of(lines, head).find("was cut"), std::string::npos);
  EXPECT_NE(problem_of({}, head).find("was cut"), std::string::npos);
}

TEST(AuditChain, ALogThatIsAheadOfTheHeadIsACrashAndWhole) {
  Head before;
  make_lines(5, before);
  Head head;
  EXPECT_EQ(problem_of(make_lines(6, head), before), "");
}

TEST(AuditChain, ALogMadeAnewIsNoticedByTheHead) {
  Head head;
  make_lines(5, head);
  Head forged;
  std::vector<std::string> lines;
  for (int i = 0; i < 8; ++i) {
    lines.push_back(append_line(forged, now, "nothing", {}));
    lines.back().pop_back();
  }
  EXPECT_EQ(problem_of(lines), "");
  EXPECT_NE(problem_of(lines, head).find("made anew"), std::string::npos);
}

TEST(AuditChain, ALineIsBounded) {
  Head head;
  Fields fields;
  for (int i = 0; i < 50; ++i) {
    fields.push_back({"f" + std::to_string(i), std::string(5000, '\x01')});
  }
  const std::string line = append_line(head, now, "decision", fields);
  EXPECT_LE(line.size(), max_line);
  EXPECT_NE(line.find("\"cut\":true"), std::string::npos);
  Head from;
  EXPECT_TRUE(check_line(from, std::string_view(line).substr(0, line.size() - 1)).has_value());
}

TEST(AuditHead, IsOfOneSizeAndReadBack) {
  Head head{.seq = 18446744073709551615U, .hash = std::string(64, 'a')};
  const std::string text = format_head(head);
  EXPECT_EQ(text.size(), head_file_size);
  EXPECT_EQ(parse_head(text), head);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(parse_head(text.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(parse_head(std::string(head_file_size, 'x')), std::nullopt);
}

}  // namespace
}  // namespace base::audit
