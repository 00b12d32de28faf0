// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

// Where this build and its sources lie. In one small file that CMake writes, instead of in every
// test's command line: so a compiler's cache serves clones in other folders too.
namespace places {

std::string source();  // the project's root, absolute, no slash at the end
std::string build();   // the build's folder, likewise; bin/ and tests/bin/ are below it

}  // namespace places
