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
// Where APFS keeps the target of a symbolic link, which is in the entry.
bool is_link_target(const TSK_FS_INFO& fs, const TSK_FS_ATTR& attribute);
// A link, or a content that only the driver that wrote it can put together: NTFS' reparse points,
// and what macOS compressed in a way that libtsk does not know. `main`: what libtsk takes for it.
bool needs_its_driver(const TSK_FS_INFO& fs, TSK_FS_FILE& file, const TSK_FS_ATTR& main);
// A file that has no content attribute of its own. In NTFS it has others: its indexes. One whose
// attributes could not be read is another thing.
bool is_without_content(const TSK_FS_INFO& fs, TSK_FS_FILE& file);
// A volume's label stands in FAT's root folder like a file; libtsk says so in the name. One that
// has a size is shown: nothing may hide behind these words.
bool is_label(const TSK_FS_INFO& fs, const TSK_FS_FILE& file);

}  // namespace scannerqube::volume
