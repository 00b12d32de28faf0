// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/verdict_note.hpp"

#include <gtest/gtest.h>

namespace {

using base::sign::KeyPair;
using scannerqube::Verdict;
using scannerqube::report::open_note;
using scannerqube::report::sign_note;
using scannerqube::report::VerdictNote;

VerdictNote note() {
  VerdictNote made{
      .verdict = Verdict::clean, .database_date = 1'700'000'000, .ended = 1'700'000'100};
  made.snapshot.fill(std::byte{0x5a});
  made.root.fill(std::byte{0xa5});
  return made;
}

TEST(VerdictNote, SaysWhatWasSigned) {
  const KeyPair pair = KeyPair::generate();
  for (const Verdict verdict : {Verdict::clean, Verdict::suspicious, Verdict::incomplete,
                                Verdict::failed, Verdict::infected}) {
    VerdictNote made = note();
    made.verdict = verdict;
    const auto opened = open_note(pair.public_key(), sign_note(pair, made));
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(*opened, made);
  }
}

TEST(VerdictNote, RefusesEveryOtherByte) {
  const KeyPair pair = KeyPair::generate();
  const std::string text = sign_note(pair, note());
  ASSERT_LE(text.size(), scannerqube::report::max_note);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(open_note(pair.public_key(), changed)) << at;
    EXPECT_FALSE(open_note(pair.public_key(), text.substr(0, at))) << at;
  }
  EXPECT_FALSE(open_note(pair.public_key(), text + text));
  EXPECT_FALSE(open_note(KeyPair::generate().public_key(), text));
}

// The line of a statement, or anything else that the same key has signed, is no verdict.
TEST(VerdictNote, RefusesWhatWasSignedForAnotherPurpose) {
  const KeyPair pair = KeyPair::generate();
  const std::string text = sign_note(pair, note());
  const std::string line = text.substr(0, text.find('\n'));
  const std::string other =
      line + '\n' + pair.sign(base::sign::Purpose::scan_statement, line).hex() + '\n';
  EXPECT_FALSE(open_note(pair.public_key(), other));
  for (const char* nothing : {"a b c d e", "", " ", "00 11 clean 1 2"}) {
    const std::string signed_nothing = std::string(nothing) + '\n' +
                                       pair.sign(base::sign::Purpose::scan_verdict, nothing).hex() +
                                       '\n';
    EXPECT_FALSE(open_note(pair.public_key(), signed_nothing)) << nothing;
  }
}

}  // namespace
