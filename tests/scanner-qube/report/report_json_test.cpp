// SPDX-License-Identifier: GPL-2.0-or-later
// The report's JSON: the one text of each report, and what is refused.
#include <gtest/gtest.h>

#include "base/hash/sha256.hpp"
#include "scanner-qube/report/report_lines.hpp"
#include "tests/scanner-qube/report/sample_report.hpp"

namespace scannerqube::report {
namespace {

using tests::clean_report;
using tests::infected_report;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

// Why it is refused; empty: it is not.
std::string refusal(const std::string& text) {
  const auto parsed = parse_report(text);
  return parsed ? "" : parsed.error().text;
}

std::string refusal(std::string_view what, std::string_view by) {
  return refusal(replaced(encode_report(infected_report()), what, by));
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ReportJson, ComesBack) {
  for (const ScanReport& report : {clean_report(), infected_report()}) {
    const std::string text = encode_report(report);
    const auto parsed = parse_report(text);
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(encode_report(*parsed), text);
    EXPECT_EQ(parsed->verdict(), report.verdict());
    EXPECT_EQ(parsed->coverage, report.coverage);
    EXPECT_EQ(parsed->limits, report.limits);
    EXPECT_EQ(parsed->database, report.database);
    EXPECT_EQ(parsed->found.areas, report.found.areas);
    EXPECT_EQ(parsed->found.told.size(), report.found.told.size());
    EXPECT_EQ(as_lines(*parsed), as_lines(report));
    EXPECT_TRUE(parse_report(text + "\n"));
    EXPECT_FALSE(parse_report(text + "\n\n"));
  }
}

TEST(ReportJson, AreasAreOnTheMedium) {
  const std::string area = R"("length":446,"offset":0)";
  EXPECT_NE(refusal(area, R"("length":1048577,"offset":0)"), "");
  EXPECT_NE(refusal(area, R"("length":446,"offset":1048577)"), "");
  EXPECT_NE(refusal(area, R"("length":446,"offset":1048131)"), "");
  EXPECT_EQ(refusal(area, R"("length":446,"offset":1048130)"), "");
  EXPECT_NE(refusal(R"("kind":"boot-code")", R"("kind":"boot")"), "");
}

TEST(ReportJson, TellsWhatWasOpened) {
  ScanReport report = clean_report();
  report.found.opened_parts = {1, 3};
  const std::string text = encode_report(report);
  const auto parsed = parse_report(text);
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->found.opened_parts, report.found.opened_parts);
  EXPECT_TRUE(contains(as_lines(*parsed), "part 3 was encrypted, and opened with the passphrase"));
  for (const char* wrong : {"[3,1]", "[1,1]", "[-1]", "[\"1\"]", "[4294967296]", "1", "null"}) {
    EXPECT_NE(refusal(replaced(text, "[1,3]", wrong)), "") << wrong;
  }
}

TEST(ReportJson, HasTheWorstFilesFirstAndTheBytesOfTheirNames) {
  const auto parsed = parse_report(encode_report(infected_report()));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->found.told.size(), 3U);
  EXPECT_EQ(parsed->found.told[0].path, "sub/evil.exe");
  EXPECT_EQ(parsed->found.told[1].path, "secret.zip");
  EXPECT_TRUE(parsed->found.told[1].deleted);
  EXPECT_EQ(parsed->found.told[1].result.sha256, base::hash::Digest{});
  EXPECT_EQ(parsed->found.told[2].path, "odd\xe2\x80\xae\x1b[31m\"name\\");
}

TEST(ReportJson, RefusesEveryShorterText) {
  const std::string text = encode_report(infected_report());
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_FALSE(parse_report(text.substr(0, size))) << size;
  }
}

TEST(ReportJson, RefusesEveryForeignByte) {
  const std::string text = encode_report(infected_report());
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : {'\0', '\n', '\x1b', '\x7f', '\xe2', ' ', '"', '\\', '}'}) {
      if (text[at] == c) continue;
      std::string other = text;
      other[at] = c;
      const auto parsed = parse_report(other);
      // Within a text a blank may be another text that is right; then it is this very one.
      if (parsed) {
        ASSERT_EQ(encode_report(*parsed), other) << at;
      }
      if (parsed) {
        ASSERT_TRUE(c == ' ' || c == '}') << at << c;
      }
    }
  }
}

TEST(ReportJson, RefusesWhatIsSaidTwiceOrMoreOrOtherwise) {
  EXPECT_TRUE(contains(refusal("\"gap\":true", "\"gap\":false,\"gap\":true"), "byte"));
  EXPECT_TRUE(contains(refusal("\"gap\":true", "\"gap\": true"), "byte"));
  EXPECT_TRUE(contains(refusal("\"gap\":true", "\"gap\":true,\"more\":1"), "not known here"));
  EXPECT_TRUE(contains(refusal("\"part\":0", "\"part\":0,\"z\":0"), "not known here"));
  EXPECT_TRUE(contains(refusal("\"gap\":true,", ""), "gap is missing"));
  EXPECT_TRUE(contains(refusal("\"gap\":true", "\"gap\":1"), "neither true nor false"));
  EXPECT_TRUE(contains(refusal("\"members\":1", "\"members\":1e0"), "no whole number"));
  EXPECT_TRUE(contains(refusal("\"members\":1", "\"members\":1.0"), "no whole number"));
  EXPECT_TRUE(contains(refusal("\"members\":1", "\"members\":-1"), "no whole number"));
  EXPECT_TRUE(contains(refusal("\"members\":1", "\"members\":\"1\""), "no whole number"));
  EXPECT_TRUE(contains(refusal("\"members\":1", "\"members\":4294967296"), "no whole number"));
  EXPECT_TRUE(contains(refusal("\"size\":68", "\"size\":9007199254740992"), "no whole number"));
  EXPECT_TRUE(contains(refusal("\"size\":68", "\"size\":18446744073709551616"), "no whole number"));
  EXPECT_TRUE(contains(refusal("\"part\":0", "\"part\":-0"), "byte"));
  EXPECT_TRUE(contains(refusal("report 1", "report 2"), "schema"));
  EXPECT_TRUE(contains(refusal("Test.Sig", "Test\\u002eSig"), "byte"));
  EXPECT_TRUE(contains(refusal("\"kind\":\"signature\"", "\"kind\":\"sig\""), "none of the words"));
  EXPECT_TRUE(contains(refusal("[]"), "no object"));
  EXPECT_TRUE(contains(refusal(""), "no JSON"));
  EXPECT_TRUE(contains(refusal("{} {}"), "no JSON"));
}

TEST(ReportJson, RefusesTextsThatCannotBeShown) {
  EXPECT_TRUE(contains(refusal("Test.Sig", "Test\x1b[2J"), "no printable ASCII: \\x1b"));
  EXPECT_TRUE(contains(refusal("Test.Sig", "Test\xe2\x80\xae"), "no printable ASCII"));
  EXPECT_TRUE(contains(refusal("Test.Sig", "Test\\u202e"), "no printable text"));
  EXPECT_TRUE(contains(refusal("Test.Sig", "Test\\n"), "no printable text"));
  EXPECT_TRUE(contains(refusal("Test.Signature", ""), "empty"));
  EXPECT_TRUE(contains(refusal("Test.Sig", std::string(300, 'x')), "at most 256"));
  EXPECT_TRUE(contains(refusal("ClamAV", std::string(600, 'x')), "at most 512"));
}

TEST(ReportJson, WhatIsShownOfAPathIsWhatItsBytesSay) {
  EXPECT_TRUE(contains(refusal("\"path\":\"sub/evil.exe\"", "\"path\":\"sub/fine.txt\""), "path"));
  EXPECT_TRUE(contains(refusal("\"path_hex\":\"73", "\"path_hex\":\"74"), "path"));
  EXPECT_TRUE(contains(refusal("\"path_hex\":\"73", "\"path_hex\":\"7"), "path_hex"));
  EXPECT_TRUE(contains(refusal("\"path_hex\":\"73", "\"path_hex\":\"7G"), "path_hex"));
  EXPECT_TRUE(contains(refusal("\"path_hex\":\"73", "\"path_hex\":\"" + std::string(8192, '7')),
                       "4096 bytes"));
}

TEST(ReportJson, RefusesDepthAndSize) {
  EXPECT_TRUE(
      contains(refusal(std::string(100, '[') + std::string(100, ']')), "nested too deeply"));
  EXPECT_TRUE(contains(refusal("[[[[[[[[1]]]]]]]]"), "no object"));
  EXPECT_TRUE(contains(refusal("[[[[[[[[[1]]]]]]]]]"), "nested too deeply"));
  std::string wide = "{\"0\":0";
  for (int i = 1; i < 32; ++i) wide += ",\"" + std::to_string(i) + "\":0";
  EXPECT_TRUE(contains(refusal(wide + "}"), "missing"));
  EXPECT_TRUE(contains(refusal(wide + ",\"x\":0}"), "too many members"));
  // In a text they are only characters.
  EXPECT_TRUE(contains(
      refusal("{\"a\":\"" + std::string(100, '[') + "\\\"" + std::string(100, ',') + "\"}"),
      "missing"));
  EXPECT_TRUE(contains(refusal(std::string(max_report_bytes + 1, ' ')), "longer than the limit"));
  std::string many = "[0";
  for (std::size_t i = 0; i < 1'500'001; ++i) many += ",0";
  EXPECT_TRUE(contains(refusal(many + "]"), "too many values"));
}

TEST(ReportJson, RefusesLongLists) {
  ScanReport report = clean_report();
  for (std::size_t i = 0; i < max_reported_files + 1; ++i) {
    report.found.told.push_back(tests::infected_file("f"));
    ++report.found.files;
    ++report.found.infected_files;
  }
  report.said = Verdict::infected;
  EXPECT_TRUE(contains(refusal(encode_report(report)), "files is no list of at most 10000"));
  report = clean_report();
  report.coverage.runs.resize(max_runs + 1);
  EXPECT_TRUE(contains(refusal(encode_report(report)), "runs is no list of at most"));
  report = clean_report();
  report.found.findings.assign(max_reported_findings + 1, volume::Finding{});
  EXPECT_TRUE(contains(refusal(encode_report(report)), "findings is no list of at most"));
  report = infected_report();
  report.found.told[1].result.not_examined.assign(max_not_examined + 1, "x");
  EXPECT_TRUE(contains(refusal(encode_report(report)), "not_examined is no list of at most 32"));
}

TEST(ReportJson, TheLargestReportFitsAndTheWorstFilesAreInIt) {
  ScanReport report = clean_report();
  for (std::size_t i = 0; i < max_reported_files; ++i) {
    auto file = tests::doubtful_file(std::string(volume::max_path, '\x01'));
    for (std::size_t n = 0; n < max_not_examined; ++n) {
      file.result.add_not_examined(std::string(200, '"') + std::to_string(n));
    }
    report.found.add(file);
    report.found.add(volume::Finding{.concern = volume::Concern::odd_name,
                                     .text = std::string(volume::max_finding_text, '"')});
  }
  report.found.told.back() = tests::infected_file("evil");
  --report.found.incomplete_files;
  ++report.found.infected_files;
  settle(report);
  const std::string text = encode_report(report);
  EXPECT_LE(text.size(), max_report_bytes);
  EXPECT_GT(text.size(), max_report_bytes / 4);
  const auto parsed = parse_report(text);
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->found.told.front().path, "evil");
  EXPECT_GT(parsed->files_left_out, 0U);
  EXPECT_GT(parsed->found.findings_left_out, 0U);
  EXPECT_EQ(parsed->verdict(), Verdict::infected);
}

TEST(MediumReport, AnInfectedFileIsNamedHoweverManyMilderOnesCameBefore) {
  MediumReport found;
  for (std::size_t i = 0; i < max_reported_files + 5; ++i) {
    found.add(tests::doubtful_file("f" + std::to_string(i)));
  }
  for (int i = 0; i < 3; ++i) found.add(tests::infected_file("evil" + std::to_string(i)));
  EXPECT_EQ(found.told.size(), max_reported_files);
  ScanReport report = clean_report();
  report.found = found;
  settle(report);
  EXPECT_TRUE(check(report)) << check(report).error().text;
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(report.found.told[i].path.starts_with("evil"));
}

TEST(MediumReport, SizesThatLieDoNotWrap) {
  MediumReport found;
  auto file = tests::sample_file("f");
  file.result.size = ~std::uint64_t{0};
  found.add(file);
  found.add(file);
  EXPECT_EQ(found.bytes, ~std::uint64_t{0});
}

// Each says less than it holds.
TEST(ReportCheck, RefusesAMilderVerdictThanItsContent) {
  EXPECT_TRUE(contains(refusal("\"verdict\":\"infected\"}", "\"verdict\":\"clean\"}"),
                       "files[0].verdict is not what its findings say"));
  std::string mild = encode_report(infected_report());
  const std::size_t last = mild.rfind("infected");
  mild.replace(last, 8, "clean");
  EXPECT_TRUE(contains(refusal(mild), "it says clean, but what it holds is infected"))
      << refusal(mild);
}

TEST(ReportCheck, AWorseVerdictThanItsContentStands) {
  ScanReport report = clean_report();
  report.said = Verdict::failed;
  const auto parsed = parse_report(encode_report(report));
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->verdict(), Verdict::failed);
}

TEST(ReportCheck, RefusesContradictions) {
  const auto told = [](auto spoil) {
    ScanReport report = infected_report();
    spoil(report);
    const auto checked = check(report);
    return checked ? std::string("nothing") : checked.error().text;
  };
  EXPECT_EQ(told([](ScanReport&) {}), "nothing");
  EXPECT_EQ(told([](ScanReport& r) { --r.found.infected_files; }),
            "its counts of files do not add up");
  EXPECT_EQ(told([](ScanReport& r) { ++r.found.files; }), "its counts of files do not add up");
  EXPECT_EQ(told([](ScanReport& r) { r.found.files_from_cache = r.found.clean_files + 1; }),
            "it has more files by the cache than clean ones");
  EXPECT_EQ(told([](ScanReport& r) { ++r.files_left_out; }),
            "it names another number of files than it counts");
  EXPECT_EQ(told([](ScanReport& r) {
              --r.found.infected_files;
              ++r.found.suspicious_files;
            }),
            "it names worse files than it counts");
  EXPECT_EQ(told([](ScanReport& r) { std::swap(r.found.told[0], r.found.told[1]); }),
            "its worst files are not the first");
  EXPECT_EQ(told([](ScanReport& r) { r.found.gap = false; }),
            "it names what was not examined, but tells no gap");
  EXPECT_EQ(told([](ScanReport& r) { r.ended = r.started - 1; }), "it ended before it started");
  EXPECT_EQ(told([](ScanReport& r) { ++r.medium_size; }),
            "its coverage: its runs are not the whole medium");
}

TEST(ReportCheck, UnreadBytesAreAGap) {
  CoverageBuilder builder(tests::sample_medium);
  builder.add({0, 4096}, Use::unread);
  ScanReport report = clean_report();
  report.coverage = builder.finish();
  EXPECT_EQ(check(report).error().text,
            "its coverage has bytes that nobody read, but it tells no gap");
  settle(report);
  EXPECT_TRUE(check(report));
  EXPECT_EQ(report.verdict(), Verdict::incomplete);
}

TEST(ReportCheck, FindingsThatWereLeftOutAreNotClean) {
  ScanReport report = clean_report();
  report.found.findings_left_out = 1;
  EXPECT_EQ(report.verdict(), Verdict::suspicious);
  EXPECT_FALSE(check(report));
}

TEST(ReportLines, ShowNothingThatATerminalObeys) {
  ScanReport report = infected_report();
  report.engine.name = "\x1b]0;x\x07";
  report.found.told[0].result.findings[0].name = "a\x1b[2J\xe2\x80\xae";
  const std::string lines = as_lines(report);
  for (const char c : lines) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << lines;
  EXPECT_TRUE(contains(lines, "sub/evil.exe: FOUND a\\x1b[2J\\xe2\\x80\\xae in in.zip\n"));
  EXPECT_TRUE(contains(lines, "odd\\xe2\\x80\\xae\\x1b[31m\"name\\\\: suspicious: "));
  EXPECT_TRUE(contains(lines, "secret.zip (deleted): not examined: encrypted\n"));
  EXPECT_TRUE(lines.ends_with("verdict: infected\n"));
}

TEST(ReportLines, AreBounded) {
  MediumReport found;
  for (std::size_t i = 0; i < max_lines + 7; ++i) found.add(tests::infected_file("f"));
  const std::string lines = as_lines(found);
  EXPECT_TRUE(contains(lines, "\n... and 7 lines more\n"));
  EXPECT_EQ(std::ranges::count(lines, '\n'), static_cast<std::ptrdiff_t>(max_lines + 3));
}

TEST(Limits, TheirDigestIsThatOfTheirJson) {
  const std::string text = encode_report(clean_report());
  const std::size_t begin = text.find("\"limits\":") + 9;
  const std::string limits = text.substr(begin, text.find('}', begin) + 1 - begin);
  EXPECT_EQ(digest_of(ScanLimits()), base::hash::Sha256()({base::wire::as_bytes(limits)}));
  EXPECT_NE(digest_of(ScanLimits()), digest_of(ScanLimits{.deleted = true}));
}

}  // namespace
}  // namespace scannerqube::report
