// SPDX-License-Identifier: GPL-2.0-or-later
// The sub-commands of `sallyport policy`, each in a file of its own.
#pragma once

#include "policy/io/tool_settings.hpp"

namespace policy::io {

ToolCommand check_tool();
ToolCommand diff_tool();
ToolCommand eval_tool();
ToolCommand graph_tool();
ToolCommand test_tool();
ToolCommand why_tool();

}  // namespace policy::io
