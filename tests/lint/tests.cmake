# SPDX-License-Identifier: GPL-2.0-or-later
# That each rule of the tree notices what it is for; the rules themselves are ./check lint.
add_test(NAME lint_self_test COMMAND "${PROJECT_SOURCE_DIR}/tests/lint/self_test")
set_tests_properties(lint_self_test PROPERTIES LABELS unit TIMEOUT 120)
# Every test in the group is a target too, so that a group can be built by the names of its tests.
add_custom_target(lint_self_test)
