// SPDX-License-Identifier: GPL-2.0-or-later
// The names of what an import puts into its folder.
#pragma once

namespace scannerqube::database::io {

// In the folder of all databases. Each one is a folder named by its serial.
inline constexpr const char* lock_file = "lock";
inline constexpr const char* last_file = "last";        // last_import.hpp
inline constexpr const char* current_link = "current";  // -> SERIAL
inline constexpr const char* incoming_pattern = "incoming-XXXXXX";

// In the folder of one.
inline constexpr const char* head_file = "bundle.head";  // the bundle up to the files' bytes
inline constexpr const char* record_file = "record";     // published.hpp
inline constexpr const char* database_folder = "db";     // the files of signatures
inline constexpr const char* image_file = "db.img";      // the first two, for the scanner qube
// Only while it is incoming. The last one is the engine's to write to.
inline constexpr const char* self_test_folder = "self-test";
inline constexpr const char* temporary_folder = "tmp";

}  // namespace scannerqube::database::io
