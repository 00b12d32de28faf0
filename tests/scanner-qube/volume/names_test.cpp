// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>

#include "scanner-qube/volume/names/oddities.hpp"
#include "scanner-qube/volume/names/unicode.hpp"

namespace tests {
namespace {

using namespace scannerqube::volume::names;
using namespace std::string_view_literals;

struct Case {
  std::string_view path;
  std::vector<Oddity> odd;
};

TEST(Names, SayWhatIsOdd) {
  const std::vector<Case> cases{
      {"report.pdf", {}},
      {"a/b/c.txt", {}},
      {"gr\xc3\xbc\xc3\x9f"
       "e.txt",
       {}},
      {".hidden", {}},
      {"archive.tar.gz", {}},
      {"setup.exe", {}},
      {"a/\x1b[2J", {Oddity::control}},
      {"line\nbreak", {Oddity::control}},
      {"c1\xc2\x9b", {Oddity::control}},
      {"\xff\xfe", {Oddity::not_utf8}},
      {"over\xc0\xaf"
       "long",
       {Oddity::not_utf8}},
      {"half\xed\xa0\x80", {Oddity::not_utf8}},
      {"invoice\xe2\x80\xae"
       "fdp.exe",
       {Oddity::bidi}},
      {"a\xe2\x80\x8b"
       "b",
       {Oddity::invisible}},
      {"../../etc/passwd", {Oddity::traversal}},
      {"a/./b", {Oddity::traversal}},
      {"a\\b", {Oddity::separator}},
      {"a\0b"sv, {Oddity::separator, Oddity::control}},
      {"dir/CON", {Oddity::device}},
      {"nul.txt", {Oddity::device}},
      {"COM1 .log", {Oddity::device}},
      {"lpt\xc2\xb9", {Oddity::device}},
      {"com10", {}},
      {"console", {}},
      {"name. ", {Oddity::trailing}},
      {"a//b", {Oddity::empty}},
      {" a", {Oddity::leading_blank}},
      {"invoice.pdf.exe", {Oddity::double_extension}},
      {"invoice.PDF      .ScR", {Oddity::double_extension}},
      {"AutoRun.inf", {Oddity::autorun}},
      {"a/autorun.inf", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(odd_path(c.path), c.odd) << c.path;
  EXPECT_EQ(odd_path(std::string(256, 'x')), std::vector{Oddity::too_long});
  EXPECT_EQ(odd_name("a/b"), std::vector{Oddity::separator});
}

TEST(Names, OnesThatAreTakenForOneAreFound) {
  const auto found = alike({"a/Readme", "b/readme", "a/readME", "caf\xc3\xa9", "cafe\xcc\x81",
                            "\xd0\x90", "\xd0\xb0", "x"});
  ASSERT_EQ(found.size(), 3U);
  const auto has = [&found](std::string_view one, std::string_view other, Oddity why) {
    return std::ranges::any_of(found, [&](const Alike& pair) {
      return pair.one == one && pair.other == other && pair.why == why;
    });
  };
  EXPECT_TRUE(has("a/Readme", "a/readME", Oddity::same_but_for_case));
  EXPECT_TRUE(has("cafe\xcc\x81", "caf\xc3\xa9", Oddity::same_normalised));
  EXPECT_TRUE(has("\xd0\x90", "\xd0\xb0", Oddity::same_but_for_case));
}

TEST(Names, SeveralMarksComeApartInOrder) {
  EXPECT_EQ(fold(U"\u1ea4"), U"a\u0302\u0301");
  EXPECT_EQ(fold(U"\u00c9"), U"e\u0301");
  EXPECT_EQ(fold(U"\u0410"), U"\u0430");
}

TEST(Names, AreFoldedForGood) {
  for (char32_t c = 1; c <= 0x10ffff; ++c) {
    const std::u32string once = fold(std::u32string_view(&c, 1));
    ASSERT_EQ(fold(once), once) << std::hex << static_cast<std::uint32_t>(c);
  }
  // A capital of Turkish and its parts.
  EXPECT_EQ(fold(U"\u0130"), fold(U"i\u0307"));
}

}  // namespace
}  // namespace tests
