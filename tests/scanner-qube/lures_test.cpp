// SPDX-License-Identifier: GPL-2.0-or-later
// What somebody is to start by mistake.
#include "scanner-qube/engine/lures.hpp"

#include <gtest/gtest.h>

#include "base/wire/writer.hpp"
#include "scanner-qube/engine/file_result.hpp"
#include "scanner-qube/engine/shortcut.hpp"
#include "tests/scanner-qube/shortcuts.hpp"

namespace scannerqube {
namespace {

using base::wire::as_bytes;
using tests::Shortcut;
using tests::shortcut;
using namespace std::string_view_literals;

std::optional<std::string> command_of(const Shortcut& parts) {
  return shortcut_command(as_bytes(shortcut(parts)));
}

std::string lure(std::string_view type, std::string_view name, std::string_view content) {
  std::string all;
  for (const std::string& each : lures_in(type, name, as_bytes(content))) all += each + "\n";
  return all;
}

TEST(ShortcutFile, SaysWhatItStarts) {
  EXPECT_EQ(command_of({.path = "C:\\Windows\\System32\\cmd.exe",
                        .arguments = "/c start folder\\x.exe & exit"}),
            "C:\\Windows\\System32\\cmd.exe /c start folder\\x.exe & exit");
  EXPECT_EQ(command_of({.relative = "..\\..\\tool.exe"}), "..\\..\\tool.exe");
  EXPECT_EQ(command_of({.item = "RUNDLL32.EXE", .arguments = "x.dll,Start"}),
            "RUNDLL32.EXE x.dll,Start");
  EXPECT_EQ(command_of({.path = "C:\\a.exe", .relative = "b.exe", .variables = "%COMSPEC%"}),
            "%COMSPEC%");
  EXPECT_EQ(command_of({.share = "\\\\10.0.0.1\\x", .suffix = "y.exe"}), "\\\\10.0.0.1\\x\\y.exe");
  EXPECT_EQ(command_of({}), "an unknown target");
}

// What is out of sight in a dialog is here: arguments behind hundreds of blanks.
TEST(ShortcutFile, BlanksHideNothing) {
  EXPECT_EQ(command_of({.relative = "a.exe", .arguments = std::string(1000, ' ') + "\t\n evil"}),
            "a.exe evil");
}

TEST(ShortcutFile, WhatIsShownIsPrintableAndBounded) {
  const std::string text =
      *command_of({.relative = "a\x1b[31m.exe", .arguments = std::string(5000, '\x7f')});
  EXPECT_LE(text.size(), max_shortcut_text);
  EXPECT_TRUE(text.starts_with("a [31m.exe \\u007f\\u007f")) << text;
}

TEST(ShortcutFile, OthersAreNone) {
  EXPECT_FALSE(shortcut_command({}));
  EXPECT_FALSE(shortcut_command(as_bytes("L\0\0\0 but no shortcut"sv)));
  const std::string whole = shortcut({.path = "C:\\x.exe", .relative = "y", .arguments = "z"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // Cut off, it is one with less in it.
    EXPECT_EQ(shortcut_command(as_bytes(whole.substr(0, size))).has_value(), size >= 76) << size;
  }
}

TEST(Lures, AShortcutIsOneWhateverItIsCalled) {
  const std::string file = shortcut({.path = "C:\\cmd.exe", .arguments = "/c x"});
  EXPECT_EQ(lure("", "holiday.lnk", file), "Lure.Shortcut: starts C:\\cmd.exe /c x\n");
  EXPECT_EQ(lure("CL_TYPE_LNK", "", file), "Lure.Shortcut: starts C:\\cmd.exe /c x\n");
}

TEST(Lures, AProgramIsNoDocument) {
  EXPECT_EQ(lure("CL_TYPE_MSEXE", "invoice.PDF", "MZ"),
            "Lure.Disguise: a Windows program, called .pdf\n");
  EXPECT_EQ(lure("CL_TYPE_ELF", "photo.jpg",
                 "\x7f"
                 "ELF"),
            "Lure.Disguise: a Linux program, called .jpg\n");
  EXPECT_EQ(lure("", "notes.txt", "#!/bin/sh\nrm -rf /\n"),
            "Lure.Disguise: a script, called .txt\n");
  for (const auto& [type, name] :
       {std::pair{"CL_TYPE_MSEXE"sv, "setup.exe"sv}, std::pair{"CL_TYPE_MSEXE"sv, "noextension"sv},
        std::pair{"CL_TYPE_MSEXE"sv, ""sv}, std::pair{"CL_TYPE_PDF"sv, "invoice.pdf"sv},
        std::pair{"CL_TYPE_TEXT_ASCII"sv, "a.txt"sv}}) {
    EXPECT_EQ(lure(type, name, "MZ"), "") << name;
  }
}

TEST(Lures, TheNameMattersWhereTheBytesAreAProgramsOrTheNameIsAutoruns) {
  EXPECT_TRUE(may_lure_by_name("a.PDF", as_bytes("MZ\x90")));
  EXPECT_TRUE(may_lure_by_name("a.txt", as_bytes("#!/b")));
  EXPECT_TRUE(may_lure_by_name("a.jpg", as_bytes("\x7f"
                                                 "ELF")));
  EXPECT_TRUE(may_lure_by_name("AutoRun.inf", as_bytes("[aut")));
  EXPECT_FALSE(may_lure_by_name("a.exe", as_bytes("MZ\x90")));
  EXPECT_FALSE(may_lure_by_name("a.pdf", as_bytes("%PDF")));
  EXPECT_FALSE(may_lure_by_name("a.pdf", {}));
}

TEST(Lures, WhatAutorunStartsIsSaid) {
  EXPECT_EQ(lure("", "AutoRun.inf",
                 "[autorun]\r\nicon=x.ico\r\n Open = setup.exe /s \r\nshellexecute=x.hta\n"
                 "shell\\Explore\\command=y.exe\nlabel=open=no\n"),
            "Lure.Autorun: starts setup.exe /s\nLure.Autorun: starts x.hta\n"
            "Lure.Autorun: starts y.exe\n");
  EXPECT_EQ(lure("", "autorun.inf", "[autorun]\nicon=x.ico\n"), "");
  EXPECT_EQ(lure("", "other.inf", "open=setup.exe\n"), "");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "open=" + std::string(300, '\x01') + "\n";
  const auto found = lures_in("", "autorun.inf", as_bytes(many));
  EXPECT_EQ(found.size(), 4U);
  for (const std::string& each : found) EXPECT_LE(each.size(), max_finding_text);
}

}  // namespace
}  // namespace scannerqube
