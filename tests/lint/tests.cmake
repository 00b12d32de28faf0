# SPDX-License-Identifier: GPL-2.0-or-later
# The rules of the tree, and that each of them notices what it is for.
add_test(NAME lint_rules COMMAND "${PROJECT_SOURCE_DIR}/tests/lint/rules" "${PROJECT_SOURCE_DIR}")
add_test(NAME lint_man COMMAND "${PROJECT_SOURCE_DIR}/tests/lint/man" "${PROJECT_SOURCE_DIR}")
add_test(NAME lint_self_test COMMAND "${PROJECT_SOURCE_DIR}/tests/lint/self_test")
set_tests_properties(lint_rules lint_man lint_self_test PROPERTIES LABELS unit TIMEOUT 120)
# Every test in the group is a target too, so that a group can be built by the names of its tests.
add_custom_target(lint_rules)
add_custom_target(lint_man)
add_custom_target(lint_self_test)
