// SPDX-License-Identifier: GPL-2.0-or-later
// What a person is asked about a device: one form for calls and for assignments.
#pragma once

#include <string>
#include <vector>

#include "dom0/io/switchboard.hpp"
#include "policy/io/question.hpp"

namespace dom0::io {

// What dom0 knows and what the device claims, by the keys that prompts know (docs/protocol.md 9).
std::map<std::string, std::string> details_of(const Switchboard& board, const std::string& backend,
                                              const Device& device);

// Why the device was stopped, if it typed by itself before; empty: it was not, or somebody has let
// it in since.
std::string stopped_before(const Switchboard& board, const std::string& backend,
                           const Device& device);

// Where the scanner could look at it before `frontend` gets it: a medium itself, and no snapshot,
// which it has seen or can be told to see, nor what is on its way to become one.
void offer_scan_first(const Switchboard& board, const std::string& backend, const Device& device,
                      const std::string& frontend, policy::io::Question& question);

// Which of these qubes is to have the device of this port?
policy::io::Question question_of_assignment(const Switchboard& board, const std::string& backend,
                                            const Device& device,
                                            std::vector<std::string> frontends);

// The icons of all qubes, of dom0, and of what "@dispvm:NAME" would be made from. Qubes' agents
// make their lists from these, and fail if the source or a target has none.
std::map<std::string, std::string> icons_of(const Switchboard& board);

}  // namespace dom0::io
