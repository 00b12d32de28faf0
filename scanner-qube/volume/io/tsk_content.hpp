// SPDX-License-Identifier: GPL-2.0-or-later
// Where the content of a file or stream lies, from libtsk's runs.
#pragma once

#include "scanner-qube/volume/io/tsk_volume.hpp"

namespace scannerqube::volume {

// Fills handle, size, content, reason, extents and resident. What does not add up is Content::none.
void describe_content(const TskVolume& volume, const TSK_FS_ATTR& attribute, Entry& entry);
// The same of what lies behind the content in the clusters that the file has; of size 0: nothing.
void describe_slack(const TskVolume& volume, const TSK_FS_ATTR& attribute, Entry& entry);

}  // namespace scannerqube::volume
