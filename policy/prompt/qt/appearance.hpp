// SPDX-License-Identifier: GPL-2.0-or-later
// Light or dark, as the desktop wants it.
#pragma once

#include "policy/prompt/options.hpp"

namespace policy::prompt::qt {

// For the whole QApplication, which must stand. Colours::desktop asks the desktop's settings portal
// (org.freedesktop.portal.Settings, color-scheme) over D-Bus and waits half a second for it; where
// nobody answers, the colours of the desktop's Qt theme stay.
void apply(WindowSettings::Colours colours);

}  // namespace policy::prompt::qt
