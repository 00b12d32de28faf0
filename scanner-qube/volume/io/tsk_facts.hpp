// SPDX-License-Identifier: GPL-2.0-or-later
// What libtsk's structures say, in our words.
#pragma once

#include <tsk/libtsk.h>

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

Kind kind_of(const TSK_FS_FILE& file);
// The name says folder and the content does not, or the other way round.
bool kinds_differ(const TSK_FS_FILE& file);
Times times_of(const TSK_FS_META& meta);
// What is a stream of its own beside the main content. Extended attributes count: they carry what
// people put there, and so does what a reparse point says.
bool is_stream(const TSK_FS_INFO& fs, TSK_FS_ATTR_TYPE_ENUM type);
bool has_reparse_point(const TSK_FS_INFO& fs, TSK_FS_FILE& file);
// A file that has no content attribute of its own, but others: NTFS' own indexes. One whose
// attributes are not there at all, or could not be read, is another thing.
bool is_without_content(TSK_FS_FILE& file);
// A volume's label stands in FAT's root folder like a file; libtsk says so in the name. One that
// has a size is shown: nothing may hide behind these words.
bool is_label(const TSK_FS_INFO& fs, const TSK_FS_FILE& file);

}  // namespace scannerqube::volume
