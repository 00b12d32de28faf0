// SPDX-License-Identifier: GPL-2.0-or-later
// What people take for harmless: it opens in a viewer, an editor, a player or an archiver.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace scannerqube {

// In lower case, without its dot.
constexpr bool is_document_extension(std::string_view extension) {
  using namespace std::string_view_literals;
  constexpr std::array documents{
      "pdf"sv, "doc"sv,  "docx"sv, "xls"sv,  "xlsx"sv, "ppt"sv, "pptx"sv, "txt"sv,  "rtf"sv,
      "odt"sv, "ods"sv,  "odp"sv,  "csv"sv,  "xml"sv,  "htm"sv, "html"sv, "epub"sv, "md"sv,
      "jpg"sv, "jpeg"sv, "png"sv,  "gif"sv,  "bmp"sv,  "tif"sv, "tiff"sv, "webp"sv, "heic"sv,
      "svg"sv, "mp3"sv,  "mp4"sv,  "wav"sv,  "ogg"sv,  "avi"sv, "mov"sv,  "mkv"sv,  "eml"sv,
      "msg"sv, "ics"sv,  "vcf"sv,  "json"sv, "log"sv,  "ini"sv, "zip"sv,  "7z"sv,   "rar"sv};
  return std::ranges::find(documents, extension) != documents.end();
}

}  // namespace scannerqube
