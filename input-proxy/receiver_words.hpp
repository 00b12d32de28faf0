// SPDX-License-Identifier: GPL-2.0-or-later
// What policy decided about an input device, as words for its receiver.
#pragma once

#include <string_view>

#include "base/wire/result.hpp"
#include "input-proxy/receiver_session.hpp"

namespace inputproxy {

// "keys=+vt-media injection=off games=yes presses=20 digits=482193": words with spaces between,
// each at most once; sets what they name in `rules`. A word that is unknown or has no sense is an
// error.
base::Status read_words(std::string_view text, ReceiverRules& rules);

}  // namespace inputproxy
