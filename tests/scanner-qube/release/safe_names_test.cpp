// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/safe_names.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "scanner-qube/release/limits.hpp"
#include "scanner-qube/release/safe_name.hpp"
#include "scanner-qube/volume/names/oddities.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
using namespace std::string_view_literals;
using Paths = std::vector<std::string_view>;

TEST(SafeName, AHarmlessNameStaysAsItIs) {
  for (const auto name :
       {"report.pdf"sv, "gr\xc3\xbc\xc3\x9f.txt"sv, "a b.c"sv, "archive.tar.gz"sv, "setup.exe"sv,
        "console"sv, "\xe6\x97\xa5\xe6\x9c\xac.doc"sv, "com10"sv, "Desktop"sv, "lnk"sv,
        "a'b;c&d(e)[f]{g}#h%i+j=k@l^m`n!.o"sv, "\xf0\x9f\x98\x80.png"sv}) {
    EXPECT_EQ(safe_name(name), name);
  }
}

struct Case {
  std::string_view untrusted;
  std::string_view safe;
};

TEST(SafeName, WhatDoesHarmIsReplaced) {
  const std::vector<Case> cases{
      {"", "_"},
      {".", "_"},
      {"..", "_"},
      {"a\\b", "a_b"},
      {"a\0b"sv, "a_b"},
      {"a:b?c*d<e>f|g\"h/i", "a_b_c_d_e_f_g_h_i"},
      {"line\nbreak\x7f", "line_break_"},
      {"\x1b[2J", "_[2J"},
      {"c1\xc2\x9b", "c1_"},
      {"\xff\xfe.txt", "__.txt"},
      {"over\xc0\xaflong", "over__long"},
      {"half\xed\xa0\x80", "half___"},
      {"cut\xe2\x80", "cut__"},
      {"\xe2\x80\xaegpj.exe", "_gpj.exe"},
      {"a\xe2\x80\x8b.b", "a_.b"},
      {"\xef\xbb\xbfx", "_x"},
      {"private\xef\x80\xa2", "private_"},
      {"slash\xef\xbc\x8f\xe2\x88\x95\xe2\x81\x84x", "slash___x"},
      {"dots\xef\xbc\x8e\xe2\x80\xa4", "dots__"},
      {"line\xe2\x80\xa8", "line_"},
      {"end. . ", "end"},
      {"   begin", "begin"},
      {"wide\xc2\xa0\xe3\x80\x80\xe2\x80\x83gap", "wide gap"},
      {"CON", "_CON"},
      {"nul.txt", "_nul.txt"},
      {"COM1 .log", "_COM1 .log"},
      {"lpt\xc2\xb9", "_lpt\xc2\xb9"},
      {"conin$", "_conin$"},
      {".git", "_.git"},
      {"-rf", "_-rf"},
      {"$MFT", "_$MFT"},
      {"~$word.doc", "_~$word.doc"},
      {"AutoRun.inf", "_AutoRun.inf"},
      {"Desktop.ini", "_Desktop.ini"},
      {"System Volume Information", "_System Volume Information"},
      {"picture.LNK", "picture.LNK_"},
      {"x.library-ms", "x.library-ms_"},
      {"x.{20d04fe0-3aea-1069-a2d8-08002b30309d}", "x.{20d04fe0-3aea-1069-a2d8-08002b30309d}_"},
      {"invoice.pdf.exe", "invoice_pdf.exe"},
      {"invoice.pdf             .exe", "invoice_pdf .exe"},
      {"a.jpg.lnk", "a_jpg.lnk_"},
  };
  for (const Case& each : cases) EXPECT_EQ(safe_name(each.untrusted), each.safe);
}

TEST(SafeName, ALongNameKeepsItsExtensionAndItsLetters) {
  const std::string name = safe_name(std::string(300, 'a') + ".pdf");
  EXPECT_EQ(name, std::string(max_name - 4, 'a') + ".pdf");
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\xc3\xbc";
  EXPECT_EQ(safe_name("x" + umlauts).size(), max_name - 1);  // no half letter
  // Cut so that an extension of a document comes to its end.
  const std::string deceit = std::string(max_name - 8, 'a') + ".pdfffffff.exe";
  EXPECT_TRUE(scannerqube::volume::names::odd_name(safe_name(deceit)).empty()) << safe_name(deceit);
}

// Whatever the bytes, nothing is odd in the result, and it is a fixed point.
TEST(SafeName, NothingOddIsLeftOfRandomBytes) {
  std::mt19937 random(1);
  const std::vector<std::string> pieces{
      ".",   " ",   "..",   "/",    "\\",           "con",          "lnk",
      "pdf", "exe", "\xc2", "\xa0", "\xe2\x80\xae", "\xef\xbc\x8f", "a",
      "\n",  "-",   "$",    "\xff", "com1",         "autorun.inf",  "\xf3\xa0\x80\x81"};
  for (int i = 0; i < 50'000; ++i) {
    std::string untrusted;
    for (auto n = random() % 8; n > 0; --n) untrusted += pieces[random() % pieces.size()];
    if (i % 3 == 0) untrusted += static_cast<char>(random());
    const std::string name = safe_name(untrusted);
    const auto odd = scannerqube::volume::names::odd_name(name);
    EXPECT_TRUE(odd.empty()) << untrusted << " -> " << name << ": " << name_of(odd[0]);
    EXPECT_LE(name.size(), max_name + 3);
    EXPECT_EQ(safe_name(name), name) << untrusted;
  }
}

TEST(NameKey, IsTheSameForWhatASystemTakesForOne) {
  EXPECT_EQ(name_key("README"), name_key("readme"));
  EXPECT_EQ(name_key("\xc3\xbc"), name_key("U\xcc\x88"));      // composed or not
  EXPECT_EQ(name_key("\xcf\x82"), name_key("\xce\xa3"));       // final sigma
  EXPECT_EQ(name_key("\xc5\xbf"), name_key("S"));              // long s
  EXPECT_EQ(name_key("\xc2\xb5"), name_key("\xce\x9c"));       // micro
  EXPECT_EQ(name_key("\xe2\x84\xaa"), name_key("k"));          // kelvin
  EXPECT_EQ(name_key("\xe1\xba\x9b"), name_key("S\xcc\x87"));  // long s with a dot
  EXPECT_NE(name_key("a"), name_key("b"));
}

std::vector<std::string> new_paths(const Paths& untrusted, const Paths& taken = {}) {
  const auto made = safe_names(untrusted, taken);
  EXPECT_TRUE(made);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < untrusted.size(); ++i) all.push_back(made->path_of(i));
  return all;
}
using Texts = std::vector<std::string>;

TEST(SafeNames, HarmlessPathsStayAsTheyAre) {
  EXPECT_EQ(new_paths({"b/c.txt", "a", "b/d/e", "b-c"}), (Texts{"b/c.txt", "a", "b/d/e", "b-c"}));
  EXPECT_TRUE(new_paths({}).empty());
}

TEST(SafeNames, NamesThatAreTakenForOneAreNumbered) {
  EXPECT_EQ(new_paths({"readme", "README", "Readme"}),
            (Texts{"readme (3)", "README", "Readme (2)"}));
  EXPECT_EQ(new_paths({"a/x", "A/x", "A/X"}), (Texts{"a (2)/x", "A/x (2)", "A/X"}));
  // A file and a folder; two files of one path; one that has the number already.
  EXPECT_EQ(new_paths({"n.txt", "n.txt/y"}), (Texts{"n.txt", "n (2).txt/y"}));
  EXPECT_EQ(new_paths({"s.txt", "s.txt", "s (2).txt"}), (Texts{"s.txt", "s (3).txt", "s (2).txt"}));
  // A harmless name is kept though it comes later.
  EXPECT_EQ(new_paths({"a\x01", "a_"}), (Texts{"a_ (2)", "a_"}));
}

TEST(SafeNames, FilesCannotHaveTheNamesOfOurOwn) {
  EXPECT_EQ(
      new_paths({"sallyport-manifest.txt", "d/SALLYPORT-MANIFEST.TXT"}, {"SALLYPORT-MANIFEST.TXT"}),
      (Texts{"sallyport-manifest (2).txt", "d/SALLYPORT-MANIFEST.TXT"}));
}

TEST(SafeNames, NothingLeadsOut) {
  EXPECT_EQ(new_paths({"../../etc/passwd", "/abs", "a//b", "a/./c", "a/"}),
            (Texts{"_/_/etc/passwd", "_ (2)/abs", "a/_ (3)/b", "a/_ (2)/c", "a/_"}));
}

TEST(SafeNames, WhatLiesTooDeepComesUp) {
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "d/";
  const auto paths = new_paths({deep + "x", deep + "y/x", "d/x"});
  EXPECT_EQ(std::ranges::count(paths[0], '/'), static_cast<long>(max_depth));
  EXPECT_TRUE(paths[0].ends_with("/d/x"));
  EXPECT_TRUE(paths[1].ends_with("/d/x (2)"));
  EXPECT_EQ(paths[2], "d/x");
  std::string wide;
  for (int i = 0; i < 10; ++i) wide += std::string(200, 'w') + "/";
  EXPECT_LT(new_paths({wide + "x"})[0].size(), max_folder_path + max_name + 20);
}

TEST(SafeNames, AreTheSameInAnyOrder) {
  std::vector<std::string> texts;
  std::mt19937 random(2);
  for (int i = 0; i < 400; ++i) {
    std::string path;
    for (auto n = 1 + random() % 3; n > 0; --n) {
      path += std::string(1, "aAbB\x01\xff"[random() % 6]) + (n > 1 ? "/" : "");
    }
    texts.push_back(path);
  }
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  std::map<std::string, std::string> first;
  for (int round = 0; round < 5; ++round) {
    std::ranges::shuffle(texts, random);
    const auto made = new_paths(Paths(texts.begin(), texts.end()));
    std::map<std::string, std::string> found;
    std::set<std::u32string> keys;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      found[texts[i]] = made[i];
      EXPECT_TRUE(keys.insert(name_key(made[i])).second) << made[i];
    }
    if (round == 0) first = found;
    EXPECT_EQ(found, first);
  }
}

TEST(SafeNames, ManyThatAreTheSameTakeNoLongTime) {
  std::vector<std::string> texts;
  for (int i = 0; i < 100'000; ++i) texts.push_back("same\x01.txt");
  const auto made = new_paths(Paths(texts.begin(), texts.end()));
  EXPECT_EQ(std::set<std::string>(made.begin(), made.end()).size(), texts.size());
}

TEST(SafeNames, TooManyFoldersAreRefused) {
  std::vector<std::string> texts;
  for (int i = 0; i < 20'000; ++i) {
    std::string path = std::to_string(i) + "/";
    for (int k = 0; k < 30; ++k) path += "d/";
    texts.push_back(path + "f");
  }
  const auto made = safe_names(Paths(texts.begin(), texts.end()), {});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().text.find("500000 folders"), std::string::npos);
}

}  // namespace
}  // namespace tests
