// SPDX-License-Identifier: GPL-2.0-or-later
// One name of the medium as a name that does no harm on FAT, exFAT, Windows, macOS and Linux.
//
// Pure, and the same for the same bytes. A harmless name stays as it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace scannerqube::release {

// Never empty, at most max_name and a few bytes, always UTF-8, and volume::names::odd_name() finds
// nothing in it. Whatever a system would drop, hide, act upon or read as something else is replaced
// by '_' or gets one: control, direction and invisible characters, what no file name may hold and
// its look-alikes, private characters, names of devices, hidden files, names that Windows' Explorer
// acts upon when it only shows them (desktop.ini, x.lnk), documents that are programs (x.pdf.exe).
std::string safe_name(std::string_view untrusted);

// "name (2).ext". Of a safe name; the result is one.
std::string with_number(std::string_view name, std::uint32_t number);

// As FAT and exFAT write it. Of a safe name.
std::u16string name_units(std::string_view name);

// Equal for names that some system takes for one: case either way, letters and marks.
std::u32string name_key(std::string_view name);

}  // namespace scannerqube::release
